"""The one kind of error that is shown to a user as one line, without a traceback."""


class UserError(Exception):
    """Bad input or a bad setting: the message says what is wrong and where, in one line."""
