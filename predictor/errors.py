"""What callers of `predictor` may catch: every error carries a sentence for people."""


class AllelensError(Exception):
    """An error whose message may be shown to a person as it stands.

    Attributes:
      code: stable snake_case name of the kind of error, used in the API.
      message: one sentence: what was found, what was expected, what to do.
      field: the input field it belongs to, where there is one.
    """

    code = "error"

    def __init__(self, message: str, *, field: str | None = None):
        super().__init__(message)
        self.message = message
        self.field = field
