"""What runs in a worker: import the function, then answer one call after the other."""

import fcntl
import os
import sys

from . import frames
from .answer import encode, is_response, plain
from .event import make_context, make_event
from .function import Function, LoadFailed
from .request import Request
from .traces import format_error

EXIT_LOAD_FAILED = 75


def run(settings, channel, lifeline):
    """The exit code. `channel` is a blocking socket to the front; at its end this process ends as well."""
    _end_with_front(lifeline)
    try:
        function = Function(settings)
    except LoadFailed as error:
        if error.cause:
            sys.stderr.write(format_error(error.cause))
        sys.stderr.write("%s\n" % error)
        return EXIT_LOAD_FAILED
    channel.sendall(frames.READY)
    calls = channel.makefile("rb")
    while True:
        call = frames.read_call(calls)
        if call is None:
            return 0
        channel.sendall(_answer(settings, function, Request(*call)))
        sys.stdout.flush()


def _end_with_front(lifeline):
    """
    Let the system end this process when the front dies, also while the function hangs.

    Linux signals the end of a pipe with SIGIO, whose default is to end the process.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | getattr(os, "O_ASYNC", 0o20000))


def _answer(settings, function, request):
    try:
        return frames.pack_answer(*encode(_call(settings, function, request)))
    except BaseException:  # also sys.exit(), which ends the call only
        sys.stderr.write("Function failed to execute: %s" % format_error(sys.exc_info()))
        return frames.pack_answer(*plain(500, "Internal Server Error\n"))


def _call(settings, function, request):
    try:
        return function(make_event(request), make_context(settings, function.name))
    except Exception as error:
        if is_response(error):  # Bottle's HTTPResponse may be raised as well as returned
            return error
        raise
