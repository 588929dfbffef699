"""The one exception that is meant for the person in front of the screen."""


class InputError(ValueError):
    """The input cannot be used. `str(error)` is one clear sentence for the user, without a traceback.

    The sentence is a template with {blanks} and what fills them, so that the page can say it in another language:
    `InputError("There is no weights file at {path}.", path=path)`. A template is a literal, never put together.
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template, self.values = template, values
