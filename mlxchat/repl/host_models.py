"""What the REPL does with models, adapters and the model's limit."""

from __future__ import annotations

from mlxchat.commands.adapters import run_adapter
from mlxchat.commands.context import (
    NOT_ANSWERED,
    Choice,
    exceeded_words,
    limit_warning,
    offers,
    run_context,
)
from mlxchat.conversation.summary import load_status
from mlxchat.engine.adapter_catalog import find_adapters
from mlxchat.engine.adapter_folder import adapter_label
from mlxchat.engine.catalog import find_models
from mlxchat.engine.context import Level
from mlxchat.engine.interface import (
    DEMO,
    AdapterFailed,
    AdapterLoaded,
    Event,
    Loaded,
    LoadFailed,
    LoadProgress,
    Noticed,
    ReplyFinished,
    ReplyStarted,
    Switched,
    SwitchFailed,
    WordsNoted,
)
from mlxchat.errors import MlxchatError
from mlxchat.files.prompt_library import remember_prompt
from mlxchat.files.recent import absolute_path, remember_adapter, remember_model
from mlxchat.repl.host_sessions import SessionsHost
from mlxchat.repl.page import Item
from mlxchat.session.again import LOAD_AGAIN
from mlxchat.session.made_from import made_from_words
from mlxchat.session.model_options import server_words


class ModelsHost(SessionsHost):
    """The part of the Host that is about models."""

    _level: Level = "fine"
    _noted: dict[str, tuple[str, ...]] = {}
    """What was said of words in the settings, by parameter name."""

    # Models

    @property
    def machines(self) -> list[str]:
        """What the machines that share the model do, a line each."""
        return self.session.engine.machines()

    def choose_model(self, name: str | None) -> None:
        """Load a model; None lists those to choose from, or asks again for one that was not
        there."""
        if name is None and self.session.load_again():
            return
        if name is None and self.session.server:
            self.say(server_words(self.session.server))
            return
        if name is None:
            entries = find_models()
            loaded = self.session.spec.model if self.session.spec else ""
            items = [Item(entry.title, entry.detail, entry.model == loaded) for entry in entries]
            chosen = self.choose("Models", items, "a folder or a repository")
            if chosen is None:
                return
            name = entries[chosen].model if isinstance(chosen, int) else chosen
        self.load(self.options.spec_for(name))

    def adapter(self, argument: str) -> None:
        """Change the model's adapter; empty lists those to choose from."""
        argument = argument or self._chosen_adapter()
        if argument and (said := run_adapter(self.session, argument)):
            self.say(said)

    def _chosen_adapter(self) -> str:
        session = self.session
        session.check_adaptable()
        runs = find_adapters(
            session.info.path if session.info else None, session.known_adapters.paths.values()
        )
        in_use = absolute_path(session.adapter) if session.adapter else None
        names = {absolute_path(path): name for name, path in session.adapters.items()}
        choices = [("off", Item("off", "the model alone", in_use is None))]
        for run in runs:
            label = names.get(run.paths[-1]) or adapter_label(str(run.folder))
            detail = f"{run.facts.summary} · {run.folder}"
            many = f" · {len(run.paths)} checkpoints: /adapter previous" * (len(run.paths) > 1)
            item = Item(label, detail + many, in_use in run.paths)
            choices.append((run.paths[-1], item))
        chosen = self.choose("Adapters", [item for _, item in choices], "a name or a folder")
        if isinstance(chosen, int):
            return choices[chosen][0]
        return chosen or ""

    # What happens

    def react(self, event: Event) -> None:
        """Say what happened beside a reply's text."""
        super().react(event)
        match event:
            case LoadProgress():
                self.page.status(load_status(event))
            case Loaded():
                self._loaded()
            case LoadFailed():
                self._load_failed(event)
            case AdapterLoaded():
                self._adapter_loaded(event)
            case Noticed():
                self.page.say(event.message, "error")
            case AdapterFailed():
                self.page.say(event.message, "error")
            case Switched():
                self.say("That counts from the next reply on.")
            case SwitchFailed():
                self.page.say(event.message, "quiet" if event.cancelled else "error")
            case ReplyStarted():
                if self.session.replayed is None and (reply := self.session.current) is not None:
                    remember_prompt(reply.system)
            case ReplyFinished():
                self._tell_level()
            case WordsNoted():
                self._tell_words(event)

    def _load_failed(self, event: LoadFailed) -> None:
        self.page.say(event.message, "quiet" if event.cancelled else "error")
        if self.session.again.spec is not None:
            self.replies.give_up()  # the one that waited for the model
            self.remark(LOAD_AGAIN)

    def _loaded(self) -> None:
        info, spec = self.session.info, self.session.spec
        assert info is not None
        if spec is not None and spec.model != DEMO:
            remember_model(spec.model)
        if self.session.adapter is not None:
            remember_adapter(self.session.adapter)
        self._noted = {}
        limit = f" · {info.context_limit:,} tokens of context" if info.context_limit else ""
        adapter = f" · adapter {self.session.adapter_words}" if self.session.adapter else ""
        self.page.say(f"{info.name}{adapter}{limit}", "title")
        for note in (*info.notes, *self.session.vain_flags, made_from_words(info)):
            if note:
                self.remark(note)
        if missing := self.session.missing_default_words:
            self.remark(missing)

    def _adapter_loaded(self, event: AdapterLoaded) -> None:
        remember_adapter(event.info.path)
        if not self.session.comparing:
            self.say(f"The adapter {self.session.adapter_words} is on.")
        for note in event.info.notes:
            self.remark(note)

    def _tell_words(self, event: WordsNoted) -> None:
        before = self._noted
        self._noted = {name: tuple(notes) for name, notes in event.notes.items()}
        for name, notes in self._noted.items():
            for note in notes:
                if note not in before.get(name, ()):
                    self.remark(f"{name}: {note}")

    # The limit

    def context(self, argument: str) -> None:
        """Tell how full the context is, choose what is done when it is full, or go on with a
        summary."""
        word = argument.strip().lower()
        if word == "summary":
            self._summarize()
        elif word == "" and self.session.held:
            self.ask_about_context()
        else:
            self.say(run_context(self.session, word))

    def ask_about_context(self) -> None:
        """Let the person choose what happens to the reply that is held."""
        held = self.session.held
        if held is None:
            return
        ways = offers(held)
        items = [Item(way.title, way.help) for way in ways]
        place: int | str | None = None
        try:
            place = self.choose(exceeded_words(held), items)
        except MlxchatError as error:
            self.page.say(str(error), "warning")
        if not isinstance(place, int):
            self.session.stop()
            self.replies.give_up()
            self.say(NOT_ANSWERED)
        else:
            self._go_on(ways[place].choice)

    def _go_on(self, choice: Choice) -> None:
        if choice == "summary":
            self._summarize()
        else:
            self.session.choose_overflow(choice)
            self.begin_reply()

    def _summarize(self) -> None:
        """Let the model sum the conversation up, the person change that, and go on from it."""
        self.session.summarize()
        self.replies.give_up()
        self.say("The model sums the conversation up.")
        self.follow()
        summary = self.session.summary
        if summary is not None and summary.failure:
            raise MlxchatError(summary.failure)
        self.say(self.session.summary_text)
        text = self.reader.answer("Begin with:", self.session.summary_text)
        if text is None or not text.strip():
            self.say("The conversation stays as it is.")
            return
        self.session.begin_from_summary(text)
        self.picked = None
        self.show_path("This is a new conversation that begins with the summary.")
        if self.session.busy:
            self.begin_reply()

    def _tell_level(self) -> None:
        warning = limit_warning(self.session, self._level)
        self._level = self.session.context.level
        if warning:
            self.page.say(warning, "warning")

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._level = "fine"
