"""The errors that reach a person, and the exit codes that reach a script."""

OK, MODEL_ERROR, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


class MlxchatError(Exception):
    """Something went wrong that the person can do something about.

    Its text is one sentence (or two short ones) that says what happened and what to do; it is
    shown as it is, without a traceback.
    """


class Cancelled(Exception):
    """The person stopped a download, a conversion, a load or a reply."""
