"""Why a request, or the part of it that concerns one topic or group, cannot be answered: a code of the protocol."""

from kio.schema.errors import ErrorCode

from kubeless.core.errors import KubelessError


class Failure(KubelessError):
    """The broker refuses; becomes the error code of the answer."""

    def __init__(self, code: ErrorCode, message: str | None = None) -> None:
        super().__init__(message or code.name)
        self.code = code
