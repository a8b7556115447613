"""Worker processes, seen from the front. A worker has one call at a time, so to end a stuck one hurts no other."""

import os
import signal
import socket
import sys

from . import frames
from .clock import now
from .pipeline import Pipeline


class Call(object):
    """One call of the function: where its answer goes, and until when. Exactly one answer is sent."""

    def __init__(self, connection, request, timeout):
        self.connection = connection
        self.request = request
        self.began = now()
        self.deadline = self.began + timeout
        self.worker = None


class Worker(object):
    """
    A process that `become` was called in, with the other end of the channel.

    `pool` hears `ready` and `answered`.
    """

    def __init__(self, pool, reactor, become):
        self._pool = pool
        self._reactor = reactor
        self._received = bytearray()
        self.started = now()
        self.idle_since = 0.0
        self.call = None
        self.is_ready = False
        self.is_released = False  # its end is our wish
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            ours.close()
            become(theirs)
        theirs.close()
        self._pipeline = Pipeline(ours)
        reactor.watch(self._pipeline.fd, self)

    @property
    def is_starting(self):
        return not self.is_ready and not self.is_released

    @property
    def is_serving(self):
        return self.is_ready and not self.is_released

    def begin(self, call):
        self.call = call
        call.worker = self
        self._send(frames.pack_call(call.request))

    def on_writable(self):
        self._send(b"")

    def on_readable(self):
        data = self._pipeline.read()
        if data is None:
            self._reactor.unwatch(self._pipeline.fd)  # it is ending; how, its exit status tells
            return
        self._received += data
        try:
            answer = frames.unpack_answer(self._received)
        except frames.Malformed:
            sys.stderr.write("worker %d is ended: something other than the server wrote to its channel\n" % self.pid)
            os.kill(self.pid, signal.SIGKILL)
            return
        if answer is not None:
            self._received = bytearray()
            self._hear(*answer)

    def dismiss(self):
        """No more calls; the process ends as it reads the end of the channel."""
        self.is_released = True
        self.close()

    def kill(self):
        self.is_released = True
        os.kill(self.pid, signal.SIGKILL)

    def reaped(self):
        """The process has ended: what it still answered counts."""
        if not self.is_released:
            self.on_readable()
        self.close()

    def close(self):
        if not self._pipeline.is_closed:
            self._reactor.forget(self._pipeline.fd)
            self._pipeline.close()

    def close_in_child(self):
        self._pipeline.close()

    def _send(self, data):
        if self._pipeline.write(data) and self._pipeline.is_pending:
            self._reactor.want_room(self._pipeline.fd, self)

    def _hear(self, status, headers, body):
        if not status:
            self.is_ready = True
            self._pool.ready(self)
        elif self.call is not None:
            call, self.call = self.call, None
            self._pool.answered(self, call, (status, headers, body))
