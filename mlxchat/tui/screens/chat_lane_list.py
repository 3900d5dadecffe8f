"""What the chat screen does with the list of lanes that there could be."""

from __future__ import annotations

from functools import partial

from mlxchat.commands.lane_offers import Found, lane_choices, lane_completions, look_around
from mlxchat.commands.typed import completions
from mlxchat.tui.screens.chat_samples import SamplingScreen
from mlxchat.tui.widgets.message_editor import MessageEditor

COMPARE = "/compare "


class LaneListScreen(SamplingScreen):
    """A screen that offers lanes. What lies on the disk is looked for by the asker: the screen does
    not wait for it."""

    _found = Found()
    """What was found last."""
    _looked_around = False
    """Whether that was since /compare was begun."""

    def compare(self, argument: str) -> None:
        """Open a lane, or close them."""
        raise NotImplementedError

    def completions(self, text: str) -> list[tuple[str, str]]:
        """Commands that a line beginning with a slash could become: (what to type, help)."""
        if not text.startswith(COMPARE):
            self._looked_around = False
            return completions(text, self.session)
        if not self._looked_around:
            self._looked_around = True
            self._look_around()
        offers = lane_completions(text.removeprefix(COMPARE), self.session, self._found)
        return [(COMPARE + whole, help) for whole, help in offers]

    def _look_around(self) -> None:
        self._asker.ask(self._question, self._looked)

    def _looked(self, found: Found) -> None:
        self._found = found
        editor = self.query_one(MessageEditor)
        if editor.text.startswith(COMPARE):
            editor.offer_again()

    @property
    def _question(self) -> partial[Found]:
        info, named = self.session.info, [*self.session.known_adapters.paths.values()]
        return partial(look_around, info.path if info else None, named)

    def _pick_lane(self) -> None:
        self.session.check_adaptable()
        self._asker.ask(self._question, self._lanes_found)

    def _lanes_found(self, found: Found) -> None:
        from mlxchat.tui.screens.compare_picker import ComparePicker

        if not any(isinstance(screen, ComparePicker) for screen in self.app.screen_stack):
            choices = lane_choices(self.session, found)
            picker = ComparePicker(choices, comparing=self.session.comparing)
            self.app.push_screen(picker, self._lane_picked)

    def _lane_picked(self, chosen: str | None) -> None:
        if chosen is not None:
            self._try(partial(self.compare, chosen))
