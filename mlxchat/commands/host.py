"""What a front end can do: every command asks one of these of it."""

from __future__ import annotations

from typing import Protocol

from mlxchat.conversation.code.as_code import Language
from mlxchat.conversation.node import Rating
from mlxchat.settings.parameters import Settings, Value
from mlxchat.settings.speed import SpeedValue


class Host(Protocol):
    """What a front end can do. Each command is one of these, with its argument checked."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    def idle_reason(self, name: str) -> str | None:
        """Why a parameter has no effect just now, or None where it has one."""

    def stop(self) -> None:
        """Stop the reply or the load."""

    def retry(self) -> None:
        """Write the last reply again."""

    def clear(self) -> None:
        """Begin a new conversation."""

    def set_system(self, text: str | None) -> None:
        """Change the system prompt; None goes to its editor."""

    def set_parameter(self, name: str, value: Value) -> None:
        """Change a setting."""

    def reset_parameter(self, name: str) -> None:
        """Go back to the model's own value of one setting."""

    def set_speed(self, name: str, value: SpeedValue) -> None:
        """Switch quantized caches or the draft model, from the next reply on."""

    def speed_words(self, name: str) -> str:
        """What one of these is, and from when on it counts."""

    def reset_settings(self) -> None:
        """Go back to the model's own settings."""

    def preset(self, argument: str) -> None:
        """Choose, save or change a preset (see preset_command); empty opens the choice."""

    def say(self, text: str) -> None:
        """Show the person a short text."""

    @property
    def machines(self) -> list[str]:
        """A line for each process that has a part of the model; none where one has it all."""

    def show_help(self) -> None:
        """Show keys, commands and parameters."""

    def choose_model(self, name: str | None) -> None:
        """Load a model; None opens the picker."""

    def adapter(self, argument: str) -> None:
        """Change the model's adapter (see commands/adapters.py); empty opens the choice."""

    def choose_theme(self, name: str | None) -> None:
        """Use a theme; None opens the choice with its preview."""

    def toggle_panel(self) -> None:
        """Show or hide the sampler panel."""

    def show_tokens(self, what: str | None) -> None:
        """Look into the tokens of the reply in sight, or leave them; or say what their colours
        tell, or show them in every reply."""

    def show_version(self, step: int) -> None:
        """Go to another version of the message in sight."""

    def copy_reply(self) -> None:
        """Put the last reply onto the clipboard."""

    def copy_code(self, language: Language) -> None:
        """Put onto the clipboard what writes the last reply again with mlx_lm."""

    def replay(self) -> None:
        """Write the last reply again with its own settings and seed, and compare."""

    def samples(self, argument: str) -> None:
        """Write several replies in the place of the last one (see commands/samples.py)."""

    def leave(self) -> None:
        """End the program."""

    # The tree. The message meant is the picked one, or else the last that fits.

    def continue_reply(self) -> None:
        """Go on where a reply was cut."""

    def prefill_reply(self, text: str) -> None:
        """Write another version of the last reply, or the next one, that begins so."""

    def edit(self, text: str | None) -> None:
        """Let a message say something else, as another version; None opens its editor."""

    def delete(self) -> None:
        """Take a message away, with what follows it."""

    def undo(self) -> None:
        """Take back what was done last to the conversation."""

    def redo(self) -> None:
        """Take back the last undo."""

    def fork(self) -> None:
        """Go on in a new conversation that begins with what was said up to a message."""

    def show_map(self) -> None:
        """Show the tree of the conversation, to go somewhere in it."""

    def rate(self, rating: Rating | None) -> None:
        """Call a reply good or bad; the same again, or None: neither."""

    def note(self, text: str | None) -> None:
        """Keep a note about a message; None opens its editor."""

    # Comparing

    def compare(self, argument: str) -> None:
        """Open a lane, or close them (see commands/compare.py); empty opens or closes."""

    def lane(self, argument: str) -> None:
        """Do something with the lane that gestures are meant for; empty goes to the next one."""

    def vote(self, argument: str) -> None:
        """Say which lane's reply is best; empty opens the choice."""

    def blind(self) -> None:
        """Hide which lane is which until a vote, or show it."""

    def word_diff(self) -> None:
        """Underline in each reply what the other has not, or do not."""

    def show_moved(self) -> None:
        """Tell how far two models are apart, and at which tokens."""

    # Sessions

    def show_sessions(self, text: str) -> None:
        """Choose a saved session out of those that have this text, or out of all."""

    def rename_session(self, title: str) -> None:
        """Give this session another title."""

    def export(self, argument: str) -> None:
        """Write this conversation into a file (see commands/export.py)."""

    def import_file(self, argument: str) -> None:
        """Read conversations out of a file, each as a session, and open the first."""

    # Writing

    def prompts(self, argument: str) -> None:
        """Choose a saved system prompt, or save one (see prompt_command); empty opens the
        choice."""

    def write_elsewhere(self) -> None:
        """Edit the message or the system prompt in the person's own editor."""

    def context(self, argument: str) -> None:
        """Tell how full the context is, choose what is done when it is full, or go on with a
        summary."""
