"""What a client did that ends its connection."""

from kubeless.core.errors import InvalidInput


class BadRequest(InvalidInput):
    """The bytes are no request that this server answers otherwise; the connection closes after the refusal."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
