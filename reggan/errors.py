"""The one exception that is meant for the person in front of the screen."""


class InputError(ValueError):
    """The input cannot be used. `str(error)` is one clear sentence for the user, without a traceback."""
