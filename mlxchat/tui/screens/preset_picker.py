"""The choice of a preset: the one under the cursor is tried at once, and compared with what was."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from mlxchat.conversation.summary import active_settings
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.settings.parameters import Settings
from mlxchat.settings.preset_file import read_presets, restore_preset
from mlxchat.settings.presets import Preset
from mlxchat.tui.screens.dialog import Dialog
from mlxchat.tui.screens.preset_lines import comparison, option_line, preset_keys

TrySettings = Callable[[Settings, Preset | None], None]
TITLE = "Preset"
MOST_PROBLEMS = 3
UNSAVED = "What is set now, changed since the preset was chosen"


class PresetList(OptionList):
    """A click tries a preset, as the cursor does; a click on the one under the cursor takes it."""

    def on_click(self, event: events.Click) -> None:
        at = event.style.meta.get("option")
        if at is not None and at != self.highlighted:
            event.prevent_default()
            self.highlighted = at
        self.focus()


class PresetPicker(Dialog[Preset]):
    """Dismissed with the preset that was taken, or with None where everything stays as it was."""

    DEFAULT_CSS = """
    PresetPicker {
        align: right middle;
        background: transparent;

        & > #box { width: 44; max-width: 100%; }
        &.-left { align: left middle; }
        &.-left > #box { max-width: 50%; }
        PresetList, PresetList:focus { min-height: 3; background: $panel; background-tint: $panel; }
        /* Of fixed height, so that the list stays where it is while the cursor moves. */
        #preset-help { height: 2; margin-top: 1; color: $text-muted; }
        VerticalScroll { height: 7; margin-top: 1; scrollbar-size-vertical: 1; }
        #preset-comparison { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
        #preset-keys {
            height: 2;
            margin-top: 1;
            color: $text-muted;
            link-color: $text-muted;
            link-style: none;
            link-color-hover: $foreground;
            link-background-hover: $surface;
            link-style-hover: bold;
        }
        Input { display: none; height: 2; margin-top: 1; background: $panel; }
        &.-low, &.-middle {
            & > #box { height: 100%; max-height: 100%; }
            PresetList { height: 1fr; }
            VerticalScroll { margin-top: 0; }
        }
        &.-low {
            #preset-help { display: none; }
            VerticalScroll { height: 4; }
            #preset-keys, Input { margin-top: 0; }
        }
        &.-tiny.-left > #box { max-width: 100%; }
        &.-naming Input { display: block; }
        &.-naming #preset-keys { display: none; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (72, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-middle"), (32, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "keep what was"),
        Binding("s", "save", "save the values from before"),
        Binding("r", "rename", "rename"),
        Binding("d,delete", "delete", "delete"),
        Binding("u,ctrl+z", "restore", "bring back what was deleted"),
        Binding("m", "make_default", "start this model with it"),
    ]

    def __init__(self, session: ChatSession, try_settings: TrySettings) -> None:
        """`try_settings` puts settings into force for a while, of a preset or of none."""
        super().__init__()
        self._session = session
        self._try_settings = try_settings
        self._before = session.settings
        self._renamed: Preset | None = None
        self._presets: list[Preset | None] = []

    def compose(self) -> ComposeResult:
        """The list, what the one under the cursor is for and would change, and the keys."""
        box = Vertical(
            PresetList(markup=False),
            Static(id="preset-help", markup=False),
            VerticalScroll(Static(id="preset-comparison", markup=False), can_focus=False),
            Input(compact=True, select_on_focus=False),
            Static(id="preset-keys"),
            id="box",
        )
        box.border_title = TITLE
        yield box

    def on_mount(self) -> None:
        """Start at what is in force."""
        self._fill(self._session.preset)
        if problems := read_presets().problems:
            self._say("\n".join(problems[:MOST_PROBLEMS]), "warning")
        self.query_one(PresetList).focus()

    # The list

    def _fill(self, at: Preset | None) -> None:
        """List everything anew, with the cursor on a preset; None is what was in force."""
        file = read_presets()
        default = self._session.default_preset(file)
        default_name = default.name if default else self._session.all_presets(file)[0].name
        selected = self._session.preset
        modified = bool(selected.differences(self._before))
        self._presets = [*([None] if modified else []), *self._session.all_presets(file)]
        self._can_restore = bool(file.deleted)
        choices = self.query_one(PresetList)
        choices.clear_options()
        for preset in self._presets:
            mark = preset is not None and preset.name == selected.name and not modified
            choices.add_option(Option(option_line(preset, mark, default_name, selected.name)))
        choices.highlighted = self._index(at, modified and at == selected)

    def _index(self, at: Preset | None, first: bool) -> int:
        names = [preset.name if preset else None for preset in self._presets]
        return names.index(at.name) if at and at.name in names and not first else 0

    @property
    def _preset(self) -> Preset | None:
        """The preset under the cursor; None for what was in force."""
        at = self.query_one(PresetList).highlighted
        return self._presets[at] if at is not None else None

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.highlighted == event.option_index:
            self._show()

    def _show(self) -> None:
        preset = self._preset
        settings = preset.applied_to(self._before) if preset else self._before
        if settings != self._session.settings:
            self._try_settings(settings, preset)
        shown = preset or self._session.preset
        help = preset.help or preset.summary if preset else UNSAVED
        self.query_one("#preset-help", Static).update(help)
        self.query_one("#preset-comparison", Static).update(comparison(shown, self._before))
        self.query_one("#preset-keys", Static).update(
            preset_keys(own=preset is not None and preset.kind == "own", restore=self._can_restore)
        )

    # What can be done

    @on(OptionList.OptionSelected)
    def _take(self) -> None:
        self.action_take()

    def action_take(self) -> None:
        """Choose the preset under the cursor."""
        preset = self._preset
        self._try_settings(self._before, None)
        self.dismiss(preset)

    def action_leave(self) -> None:
        """Go back to the settings from before; from a name that is being typed, to the list."""
        if self.has_class("-naming"):
            self._end_naming()
            self._show()
        else:
            self._try_settings(self._before, None)
            self.dismiss(None)

    def action_save(self) -> None:
        """Ask for a name to save the settings from before under."""
        preset = self._session.preset
        # The sliders show what is saved, not the preset that was being tried.
        self._try_settings(self._before, None)
        self.query_one("#box").border_title = "Save " + " · ".join(
            active_settings(self._before).values()
        )
        self._begin_naming(None, "as", preset.name if preset.kind == "own" else "")

    def action_rename(self) -> None:
        """Ask for another name."""
        preset = self._preset
        if preset is not None and preset.kind == "own":
            self._begin_naming(preset, "Rename to", preset.name)
        else:
            self._say("Only your own presets can be renamed.")

    def action_delete(self) -> None:
        """Take the preset under the cursor away."""
        preset = self._preset
        if preset is None or preset.kind != "own":
            self._say("Only your own presets can be deleted.")
            return
        at = self._presets.index(preset)
        neighbour = self._presets[at + 1] if at + 1 < len(self._presets) else self._presets[at - 1]
        if self._do(lambda: self._session.delete_preset(preset.name), neighbour):
            self._say(f"“{preset.name}” is deleted; u brings it back.")

    def action_restore(self) -> None:
        """Bring back what was deleted last."""
        self._do(lambda: Preset(restore_preset(), {}))

    def action_make_default(self) -> None:
        """Start this model with the preset under the cursor."""
        preset = self._preset
        if preset is None:
            self._say("These values have no name yet: save them first (s).")
        elif self._do(lambda: self._session.set_default_preset(preset), preset):
            self._say(f"This model starts with {preset.name} from now on.")

    # Names

    def _begin_naming(self, renamed: Preset | None, label: str, name: str) -> None:
        self._renamed = renamed
        field = self.query_one(Input)
        field.placeholder = f"{label} …"
        field.value = name
        field.cursor_position = len(name)
        self.query_one("#box").border_subtitle = "Enter accepts, Esc goes back"
        self.add_class("-naming")
        field.focus()

    def _end_naming(self) -> None:
        self.remove_class("-naming")
        self.query_one("#box").border_title = TITLE
        self.query_one("#box").border_subtitle = ""
        self.query_one(PresetList).focus()

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        if self._renamed is not None:
            old = self._renamed.name
            done = self._do(lambda: self._session.rename_preset(old, name), Preset(name, {}))
        else:
            self._try_settings(self._before, None)
            done = self._do(lambda: self._session.save_preset(name), Preset(name, {}))
        if done:
            self._end_naming()

    def _do(self, change: Callable[[], object], at: Preset | None = None) -> bool:
        """Change something and list anew, with the cursor on `at` or on what `change` gives."""
        try:
            done = change()
        except MlxchatError as error:
            self._say(str(error), "warning")
            return False
        self._fill(done if isinstance(done, Preset) else at)
        self._show()
        return True

    def _say(self, text: str, severity: str = "information") -> None:
        self.notify(text, severity=severity, markup=False)  # type: ignore[arg-type]
