"""
The root of every error this project raises on purpose.

Whether an operation is worth repeating is a property of the error, not of the loop that repeats it: loops ask
`error.retriable` and need no list of types.
"""


class KubelessError(Exception):
    """Something went wrong that a person can do something about."""

    retriable: bool = False

    def __init__(self, message: str | None = None) -> None:
        """`message` defaults to the first line of the class's docstring."""
        super().__init__(message or (type(self).__doc__ or "").strip().split("\n")[0])


class InvalidInput(KubelessError):
    """The input is not valid."""


class InvalidField(InvalidInput):
    """
    A field of an object, a setting or a flag has a value that cannot be used.

    The message always reads `<field>: <problem>, got <value>; <remedy>`.
    """

    def __init__(self, field: str, value: object, *, problem: str, remedy: str) -> None:
        self.field = field
        self.value = value
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{field}: {problem}, got {shorten(value)}; {remedy}")


def shorten(value: object, limit: int = 80) -> str:
    """The `repr` of a value, cut to `limit` characters: an error message must not repeat a megabyte of input."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
