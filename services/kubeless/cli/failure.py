"""
How a command fails, and what its exit code then is.

0 is success, 1 an error or a command line that makes no sense, 130 Ctrl-C. Errors made on purpose print one line;
anything else is a defect of ours, and its traceback is shown to those who ask for it.
"""

import os
import sys
import traceback

from kubeless.cli import messages
from kubeless.core.errors import KubelessError

ERROR = 1
BROKEN_PIPE = 128 + 13
INTERRUPTED = 128 + 2

DEBUG = "KUBELESS_DEBUG"


class Fatal(KubelessError):
    """The command cannot do what it was asked."""


def report(error: Exception) -> int:
    """Tell about an error that ends the command; the exit code."""
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    errors = _leaves(error)
    for each in errors[:-1]:
        messages.error(_describe(each))
    messages.fatal(_describe(errors[-1]))
    return ERROR


def broken_pipe() -> int:
    """Whoever read our output has left, as `head` does. Nobody is there to be told; the exit code."""
    # The interpreter flushes stdout once more at its end, which must not fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def _leaves(error: Exception) -> list[Exception]:
    """The errors that tasks of one group ended with."""
    if isinstance(error, ExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]


def _describe(error: Exception) -> str:
    if isinstance(error, KubelessError):
        return str(error)
    hint = "" if os.environ.get(DEBUG) == "1" else f"; run the command again with {DEBUG}=1 for the traceback"
    return f"Unexpected {type(error).__name__}: {error}{hint}"
