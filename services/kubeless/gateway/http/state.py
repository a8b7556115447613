"""What a client's connection is doing."""

from enum import Enum, auto


class State(Enum):
    IDLE = auto()
    HEAD = auto()
    """Part of a head has come."""
    BUSY = auto()
    """A request is being answered."""
    FULL = auto()
    """The answer was written, but the client does not take it: the next request has to wait."""
    LINGER = auto()
    """The last answer was written; what still comes is dropped."""
    TUNNEL = auto()
    CLOSED = auto()
