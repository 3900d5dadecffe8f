"""The main screen: transcript, sampler panel, system prompt, message editor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from mlxchat.commands.bare import bare_command
from mlxchat.commands.keys import key_name, keys
from mlxchat.commands.registry import COMMANDS, run_command, run_line
from mlxchat.commands.typed import hint, is_command
from mlxchat.commands.working import why_not, works
from mlxchat.conversation.code.as_code import Language, as_code
from mlxchat.conversation.token_body import named
from mlxchat.engine.interface import (
    AdapterFailed,
    AdapterLoaded,
    BesideFailed,
    ContextExceeded,
    Event,
    Inspected,
    Loaded,
    LoadedBeside,
    LoadFailed,
    ModelSpec,
    Noticed,
    ReplyFailed,
    ReplyFinished,
    ReplyStarted,
    Switched,
    SwitchFailed,
    TokensCounted,
    WordsNoted,
)
from mlxchat.engine.samples import TokensScored
from mlxchat.files.message_history import MessageHistory
from mlxchat.files.recent import remember_adapter
from mlxchat.session.chat import ChatSession
from mlxchat.settings.configuration import configuration
from mlxchat.tui.clipboard import copy_with_file
from mlxchat.tui.command_bindings import command_bindings
from mlxchat.tui.differences import Differences
from mlxchat.tui.follower import Follower
from mlxchat.tui.inspection import Inspection
from mlxchat.tui.pace import DRAINS_A_SECOND, Pace
from mlxchat.tui.screens.chat_lanes import LanesScreen
from mlxchat.tui.screens.chat_panel import NARROW, WIDE
from mlxchat.tui.widgets.key_footer import KeyFooter
from mlxchat.tui.widgets.lane_columns import LaneColumns
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from mlxchat.tui.widgets.side_panel import SidePanel
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor
from mlxchat.tui.widgets.title_bar import TitleBar
from mlxchat.tui.widgets.token_detail import TokenDetail

if TYPE_CHECKING:
    from mlxchat.tui.app import MlxchatApp

WELCOME = """\
Say something below, and move the
sliders while the model answers:
each change counts from the very
next token.

{help} help  ·  Ctrl+P commands"""


class ChatScreen(LanesScreen):
    """One conversation, with every control of the sampler beside it."""

    app: MlxchatApp

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (NARROW, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, session: ChatSession, spec: ModelSpec | None) -> None:
        super().__init__()
        for binding in command_bindings():
            self._bindings.key_to_bindings.setdefault(binding.key, []).append(binding)
        self.session = session
        self._spec = spec
        self._pace = Pace()
        self._drafts = {}
        self._differences = Differences()

    def compose(self) -> ComposeResult:
        """Title, transcript and panel side by side, editor, keys."""
        yield TitleBar()
        with Horizontal(id="body"):
            with Vertical(id="conversation"):
                help = keys().of.get("help")
                yield LaneColumns(WELCOME.format(help=key_name(help) if help else "/help"))
                yield TokenDetail()
            with SidePanel(id="panel", can_focus=False):
                yield SamplerPanel(self.session.settings, self.session.defaults)
                yield NextToken()
                yield SystemPromptEditor(self.session.conversation.system)
        with Vertical(id="bottom"):
            yield MessageEditor(
                MessageHistory(), self.completions, partial(hint, session=self.session)
            )
            yield KeyFooter()

    def on_mount(self) -> None:
        """Start following the engine."""
        self.follower = Follower(self.session, self.transcript, self.query_one(TitleBar))
        token_bytes = self.session.engine.token_bytes
        self.transcript.look.name_of = lambda token_id: named(token_bytes(token_id))
        self.transcript.look.others = self._others
        self.watch(self.query_one(TitleBar), "speed", self._tell_speed)
        self.inspection = Inspection(
            self.session, self.query_one(TokenDetail), self.query_one(NextToken)
        )
        self.query_one(MessageEditor).focus()
        self._show_panel()
        for problem in self._problems():
            self.transcript.add_notice(problem, "warning")
        if self._spec is not None:
            self._load(self._spec)
        self.set_interval(1 / DRAINS_A_SECOND, self._tick)

    def _problems(self) -> list[str]:
        """What is wrong with the person's own files."""
        configured = (*configuration().problems, *keys().problems)
        return [*configured, *self.app.theme_problems, *self.preset_problems()]

    # The engine

    def _tick(self) -> None:
        if self._pace.due():
            self.take_in()

    def take_in(self) -> None:
        """Take in what the engine said since, show it and save it."""
        before = self.session.state
        for event in self.follower.show(self.session.events()):
            self._react(event)
        self.show_lanes()
        self.keep()
        self.inspection.grow()
        if self.session.state != before:
            self.refresh_bindings()
            self._inspect()

    def _react(self, event: Event) -> None:
        if isinstance(event, Loaded):
            self.settings_begun()
            self.query_one(SamplerPanel).remarks = {}
            self.transcript.action_walk_off()  # the tokens may be another vocabulary's
            self.app.remember_model()
            if self.session.adapter is not None:
                remember_adapter(self.session.adapter)
            if self.session.conversation.entries:
                self._ask_cost()
        elif isinstance(event, LoadFailed):
            self.follower.show_path()
            if self.session.info is None and self.session.again.spec is None:
                self.app.pick_model("" if event.cancelled else event.message)
        elif isinstance(event, AdapterLoaded | AdapterFailed):
            self.adapter_ended(event)
            self.lane_event(event)
        elif isinstance(event, LoadedBeside | BesideFailed | TokensScored):
            self.lane_event(event)
        elif isinstance(event, Switched | SwitchFailed):
            self.switch_ended(event)
        elif isinstance(event, TokensCounted):
            self._counted(event)
        elif isinstance(event, ContextExceeded):
            self.ask_about_context()
        elif isinstance(event, ReplyStarted) and self.session.replayed is None:
            self._reply_starts()
        elif isinstance(event, ReplyFinished) and self.session.replayed is None:
            if not self.of_main(event):
                return
            self._version_written()
            self._system_applied()
            self.tell_level()
        elif isinstance(event, ReplyFailed):
            self._take_back(event.message)
        elif isinstance(event, WordsNoted):
            for remark in self.query_one(SamplerPanel).take_remarks(event.notes):
                self.say(remark)
        elif isinstance(event, Inspected):
            self.inspection.answered(event)
        elif isinstance(event, Noticed):
            self.transcript.add_notice(event.message, "error")

    def _take_back(self, why: str) -> None:
        """Let the person shorten a message that was too long."""
        if text := self.session.take_back():
            self.query_one(MessageEditor).restore(text)
            self._moved_to(None)
            self._moved = ""  # what it costs was not asked
            self.notify(why, severity="warning", markup=False)

    def _load(self, spec: ModelSpec) -> None:
        self._spec = spec
        self.query_one(TitleBar).activity = "loading"
        self.session.load(spec)
        self.refresh_bindings()

    # What the person does

    @on(MessageEditor.Submitted)
    def _submitted(self, message: MessageEditor.Submitted) -> None:
        text = bare_command(message.text) or message.text
        command = is_command(text)
        said = text.removeprefix("/") if text[:2] == "//" else text
        done = self._try(partial(run_line, self, text) if command else partial(self._send, said))
        if not done and (not command or " " in text.strip()):
            self.query_one(MessageEditor).restore(text)

    def _send(self, text: str) -> None:
        self.session.send(text)
        self.show_lanes()  # before a reply is shown: what may be told of it may be another
        self.follower.begin_reply()
        self.refresh_bindings()

    def action_command(self, name: str) -> None:
        """Run a command by its key."""
        self.run_command(name)

    def action_refuse(self, name: str) -> None:
        """Say why a key does nothing now."""
        self.app.notify_instead("refused", why_not(COMMANDS[name], self.session))

    def action_interrupt(self) -> None:
        """Copy what is selected, or else stop what goes on, or else say how to leave."""
        selected: str = getattr(self.focused, "selected_text", "")
        if selected or self.selections:
            raise SkipAction
        if self.session.busy or self.session.state == "loading":
            self.stop()
        else:
            key = keys().of.get("quit")
            self.say(f"{key.title() if key else '/quit'} leaves mlxchat.")

    def run_command(self, name: str, argument: str = "") -> None:
        """Run a command of the registry; what it cannot do is said."""
        self._try(lambda: run_command(self, COMMANDS[name], argument))

    def begin_command(self, name: str) -> None:
        """Put a command into the message editor, for its argument to be typed."""
        editor = self.query_one(MessageEditor)
        editor.text = f"/{name} "
        editor.focus()

    @property
    def model_name(self) -> str | None:
        """What was asked to be loaded last."""
        return self._spec.model if self._spec else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys work now."""
        if action == "leave_panel":
            return self.in_panel and not self.session.busy
        if action in ("command", "refuse"):
            command = COMMANDS[str(parameters[0])]
            if action == "refuse":
                return bool(why_not(command, self.session))
            return works(command, self.session)
        return True

    # mlxchat.commands.registry.Host

    def stop(self) -> None:
        """Stop the reply or the load."""
        self.session.stop()

    def say(self, text: str) -> None:
        """Show the person a short text."""
        self.notify(text, markup=False)

    @property
    def machines(self) -> list[str]:
        """A line for each process that has a part of the model."""
        return self.session.engine.machines()

    def show_help(self) -> None:
        """Show keys, commands and parameters."""
        from mlxchat.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def choose_model(self, name: str | None) -> None:
        """Load a model; None opens the picker, or asks again for one that was not there."""
        if name is not None:
            self.load_model(name)
        elif not self.session.load_again():
            self.app.pick_model()

    def load_model(self, name: str) -> None:
        """Load a model by name, with the loading options of the start."""
        self._load(self.app.model_options.spec_for(name))

    def choose_theme(self, name: str | None) -> None:
        """Use a theme; None opens the choice with its preview."""
        self.app.choose_theme(name)

    def copy_reply(self) -> None:
        """Put the last reply onto the clipboard."""
        self.looked_at.action_copy_reply()

    def copy_code(self, language: Language) -> None:
        """Put onto the clipboard what writes the last reply again with mlx_lm."""
        self.session.check_shown()
        lane = self.looked_at_lane
        words = partial(self.session.engine.word_ids, model=lane.model.model if lane else 0)
        code = as_code(language, self.session.conversation, words, lane.tip if lane else None)
        self.say(copy_with_file(self.app, *code))

    def replay(self) -> None:
        """Write the last reply again with its own settings and seed, and compare."""
        self.session.replay()
        self.follower.begin_replay()
        self.refresh_bindings()

    def leave(self) -> None:
        """End the program."""
        self.app.exit()
