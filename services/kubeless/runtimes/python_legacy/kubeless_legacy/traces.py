"""Tracebacks of the function, without the server's own frames around them."""

import os
import traceback

_SERVER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def describe(error):
    """Kind and first line of an error's text, also when its `__str__` is broken."""
    try:
        return "%s: %s" % (type(error).__name__, str(error).partition("\n")[0])
    except Exception:
        return type(error).__name__


def format_error(exc_info):
    """As the interpreter would print it, from the function's first frame on."""
    kind, error, trace = exc_info
    while trace is not None and os.path.abspath(trace.tb_frame.f_code.co_filename).startswith(_SERVER):
        trace = trace.tb_next
    return "".join(traceback.format_exception(kind, error, trace))
