"""The one kind of error that is shown to a user as one line, without a traceback."""


class UserError(Exception):
    """Bad input or a bad setting: the message says what is wrong and where, in one line."""


class UserValueError(UserError, ValueError):
    """A value that makes no sense: for code that makes parts itself, it is a ValueError."""
