"""Keys that widgets have of their own, for the help and the README, and how keys are written."""

KEYS: tuple[tuple[str, str], ...] = (
    ("Enter", "Message: send it"),
    ("Shift+Enter, ^J", "Break the line (Alt+Enter too)"),
    ("Up, Down", "Earlier and later messages, at the first and the last line"),
    ("Tab, Shift+Tab", "Next and previous control"),
    ("^P", "All commands"),
    ("^C", "Copy what is selected, or else stop the reply"),
    ("Left, Right", "Slider: a small step; with Shift or Page keys a big one"),
    ("Home, End", "Slider: lowest and highest; conversation: first and last line"),
    ("0 to 9", "Slider: type the value, Enter takes it"),
    ("Backspace", "Slider: back to the model's own value"),
    ("Enter", "Sampler panel's title: choose a preset; Backspace: the model's own values"),
    ("^Z, ^Y", "Sampler panel: undo and redo a change of settings"),
    ("Enter", "Conversation: fold and unfold reasoning and changes of settings"),
    ("Left, Right", "Conversation: version before and next version; after the last: a new one"),
    ("Shift+Up, Shift+Down", "Conversation: pick a message; Enter: all that can be done with it"),
    ("e, c, d, f, t", "Picked message: edit, continue, delete, fork, note"),
    ("+, -", "Conversation: call the reply good or bad"),
    ("^Z, ^Y", "Conversation: undo and redo what was done to it"),
    ("Arrows", "Token view: from token to token, from line to line"),
    ("[, ]", "Token view: the surprising token before, the next one"),
    ("/, n, N", "Token view: search, next match, match before"),
    ("m", "Token view: colours by probability, rank, entropy, disagreement, moved"),
    ("Enter", "Token view: choose another token; on it: go on from there"),
)


def key_name(key: str) -> str:
    """A key as people write it: `ctrl+r` as `^R`, `f1` as `F1`."""
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+").upper()
    return {"escape": "Esc"}.get(key, key.upper())
