"""Quantized caches and a draft model, switched while a chat's model stays loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mlxchat.engine.interface import Event, ModelSpec, Switched, SwitchFailed
from mlxchat.errors import MlxchatError
from mlxchat.files.recent import absolute
from mlxchat.session.adapters import SessionAdapters
from mlxchat.settings.speed import SPEED, Speed, SpeedValue


class SessionSpeed(SessionAdapters):
    """What the model writes with. A reply is written with what is in force when it is asked for;
    what is switched meanwhile counts from the next one on."""

    _wanted: Speed | None = None
    """What the person asked for and is not in force yet."""
    _switching: Speed | None = None
    """What the engine is asked for."""

    @property
    def speed(self) -> Speed:
        """What is in force, or will be at the next reply."""
        if self._wanted is not None:
            return self._wanted
        return self.spec.speed if self.spec else Speed()

    def set_speed(self, name: str, value: SpeedValue) -> None:
        """Switch one of SPEED. Switched or SwitchFailed tells what came of it; until then replies
        wait."""
        self._check_model()
        self.check_possible(name)
        if self._loads or self.spec is None:
            raise MlxchatError(f"A model is being loaded: set {name} when it is there.")
        wanted = self.speed.with_value(name, value)
        draft = wanted.draft_model and absolute(wanted.draft_model)
        self._wanted = replace(wanted, draft_model=draft)
        self._switch_when_free()

    def speed_words(self, name: str) -> str:
        """What one of SPEED is, and what a person should know of that."""
        value = self.speed.value(name)
        remark = self.speed_remark(name)
        return f"{name} {SPEED[name].format(value)}" + (f" ({remark})" if remark else "")

    def speed_remark(self, name: str) -> str:
        """Where one of SPEED has no effect, or has another one; nothing where it is off."""
        speed, remarks = self.speed, []
        if reason := self.limit(name) or speed.idle_reason(name):
            remarks.append(reason)
        if name == "kv_bits" and speed.kv_bits is not None:
            if start := self.spec.quantized_kv_start if self.spec else 0:
                remarks.append(f"from token {start} on, as --quantized-kv-start says")
            remarks.append("samples come one after the other")
        if name == "draft_model" and speed.draft_model is not None and speed.kv_bits is None:
            remarks.append("samples in a batch are written without it")
        return "; ".join(remarks)

    def load(self, spec: ModelSpec) -> None:
        """Load a model, which begins with what `spec` says."""
        self._wanted = None
        super().load(spec)

    def events(self) -> Iterator[Event]:
        """As without; behind the last event of a reply what was asked for meanwhile is switched."""
        yield from super().events()
        self._switch_when_free()

    def _switch_when_free(self) -> None:
        if self._wanted is None or self._switching is not None or self.busy or self.spec is None:
            return
        if self._wanted == self.spec.speed:
            self._wanted = None
            return
        self._switching = self._wanted
        self._adapting += 1
        self.engine.switch(self._switching)

    def _take_in(self, event: Event) -> bool:
        if not isinstance(event, Switched | SwitchFailed):
            return super()._take_in(event)
        self._adapting = max(0, self._adapting - 1)
        asked, self._switching = self._switching, None
        if isinstance(event, SwitchFailed):
            self._wanted = None
        elif asked is not None and self.spec is not None:
            self._in_force(asked, event)
        self._ask_waiting()
        return True

    def _in_force(self, speed: Speed, event: Switched) -> None:
        assert self.spec is not None
        self.spec = self.spec.with_speed(speed)
        self.info = replace(event.info, adapter=self.adapter)
        if self._wanted == speed:
            self._wanted = None
