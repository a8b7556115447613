"""The process that speaks HTTP: health and metrics here, everything else to the pool of workers."""

import errno
import os
import signal
import socket
import sys

from . import worker_process
from .access_log import AccessLog
from .answer import plain
from .clock import now
from .connection import Connection
from .metrics import CONTENT_TYPE
from .pipeline import close_on_exec
from .pool import Pool
from .reactor import Reactor
from .texts import encoded
from .traces import format_error
from .worker import Call

SWEEP = 1.0
LINGER = 0.3
"""Seconds that idle connections stay when the server stops: a request may already be on its way in them."""
FAREWELL = 1.0
"""Seconds that workers have for their exit handlers."""
BATCH = 64
NO_DESCRIPTORS = 0.5
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
_BACKLOG = 1024


class Front(object):
    """Serves on a socket that is bound."""

    def __init__(self, settings, listener):
        self._settings = settings
        self._listener = listener
        self._reactor = Reactor()
        self.log = AccessLog()
        self._pool = Pool(settings, self._reactor, self)
        self._connections = set()
        self._signals, self._signals_end = socket.socketpair()
        self._lifeline, self._lifeline_end = os.pipe()  # its end tells workers that this process has died
        self._stop_asked = 0
        self._stopping_since = None
        self._exit_code = None
        self._accept_after = None
        self._swept = now()

    def run(self):
        """The exit code: 0 after a requested stop, 1 if the function cannot be run or the stop was hurried."""
        for sock in (self._signals, self._signals_end):
            sock.setblocking(False)
            close_on_exec(sock)
        signal.set_wakeup_fd(self._signals_end.fileno())
        for signum in _SIGNALS:
            signal.signal(signum, self._on_signal)
        self._reactor.watch(self._signals.fileno(), _Watcher(self._drain_signals))
        self._pool.spawn()
        while not self._is_over():
            self._reactor.turn(self._pause())
            self._obey()
            self._pool.tick(now())
            self._sweep(now())
            self.log.flush()
        self._farewell()
        return self._exit_code

    @property
    def is_stopping(self):
        return self._stopping_since is not None

    @property
    def needs_workers(self):
        return self._exit_code is None and not (self.is_stopping and self._pool.is_idle)

    def ready(self):
        """Of the pool: the function is loaded. Until then connections are refused."""
        if not self.is_stopping:
            self._listener.listen(_BACKLOG)
            self._reactor.watch(self._listener.fileno(), _Watcher(self._accept))

    def fatal(self):
        """Of the pool: the function cannot be loaded, and the log says why."""
        self._exit_code = 1

    def become_worker(self, channel):
        """In the child; does not return. What belongs to this process is closed there."""
        code = 70
        try:
            signal.set_wakeup_fd(-1)
            # A group gets these all at once, but to stop is said by the front. A handler, other than SIG_IGN, is not
            # inherited by programs; but before Python 3.5 it would cut time.sleep() short.
            ignored = signal.SIG_IGN if sys.version_info < (3, 5) else lambda *_: None
            signal.signal(signal.SIGTERM, ignored)
            signal.signal(signal.SIGINT, ignored)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            close_on_exec(channel)
            for sock in (self._listener, self._signals, self._signals_end):
                sock.close()
            os.close(self._lifeline_end)
            for other in list(self._connections) + list(self._pool.workers.values()):
                other.close_in_child()
            code = worker_process.run(self._settings, channel, self._lifeline)
            _run_exit_handlers()
        except BaseException:  # nothing may return into the front's loop
            sys.stderr.write(format_error(sys.exc_info()))
        finally:
            sys.stdout.flush()
            os._exit(code)

    def handle(self, connection, request):
        """Of a connection: a request is there."""
        method, target, _, _, body = request
        path = target.partition("?")[0]
        if body is None:
            connection.respond(*plain(413, "the body is larger than %d bytes\n" % self._settings.max_body))
        elif method == "GET" and path == "/healthz":
            connection.respond(*plain(200, "OK"))
        elif method == "GET" and path == "/metrics":
            page = encoded(self._pool.metrics.render())
            connection.respond(200, encoded("Content-Type: %s\r\n" % CONTENT_TYPE), page)
        else:
            self._pool.submit(Call(connection, request + (connection.client,), self._settings.timeout))

    def closed(self, connection):
        self._connections.discard(connection)

    def _pause(self):
        moment = now()
        seconds = max(self._pool.next_moment(moment) - moment, 0.0)
        return min(seconds, 0.1) if self.is_stopping or self._accept_after else seconds

    def _accept(self):
        for _ in range(BATCH):
            try:
                sock, address = self._listener.accept()
            except socket.error as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    sys.stderr.write("no connection can be accepted for now: too many files are open\n")
                    self._reactor.unwatch(self._listener.fileno())
                    self._accept_after = now() + NO_DESCRIPTORS
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = address[0][7:] if address[0].startswith("::ffff:") else address[0]
            self._connections.add(Connection(sock, client, self, self._reactor, self._settings.max_body))

    def _on_signal(self, signum, frame):  # noqa: ARG002 - its caller gives both
        if signum != signal.SIGCHLD:
            self._stop_asked += 1

    def _drain_signals(self):
        self._signals.recv(256)

    def _obey(self):
        self._reap()
        if self._stop_asked and not self.is_stopping:
            self._stop()
        if self._stop_asked > 1:
            self._exit_code = 1  # a second signal ends everything

    def _reap(self):
        while self._pool.workers:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except OSError:  # interrupted, or no child
                return
            if not pid:
                return
            self._pool.reaped(pid, status)

    def _stop(self):
        """Nothing new is accepted; calls in progress finish."""
        self._accept()
        self._stopping_since = now()
        self._reactor.forget(self._listener.fileno())
        self._listener.close()

    def _sweep(self, moment):
        if self._accept_after and self._accept_after <= moment and not self.is_stopping:
            self._accept_after = None
            self._reactor.watch(self._listener.fileno(), _Watcher(self._accept))
        if self.is_stopping and moment > self._stopping_since + LINGER:
            for connection in list(self._connections):
                connection.close_if_idle()
        if moment >= self._swept + SWEEP:
            self._swept = moment
            for connection in list(self._connections):
                connection.sweep(moment)

    def _is_over(self):
        if self._exit_code is None and self.is_stopping:
            limit = self._settings.shutdown_timeout
            if not self._connections and self._pool.is_idle:
                self._exit_code = 0
            elif now() > self._stopping_since + limit:
                sys.stderr.write("calls were still running %g s after the request to stop\n" % limit)
                self._pool.give_up()
                self._exit_code = 1
        return self._exit_code is not None

    def _farewell(self):
        self.log.flush()
        for worker in self._pool.workers.values():
            worker.dismiss()
        limit = now() + (0 if self._exit_code else FAREWELL)
        while self._pool.workers and now() < limit:
            self._reactor.turn(0.05)
            self._reap()
        for worker in self._pool.workers.values():
            worker.kill()


class _Watcher(object):
    """Hears of something that is readable."""

    def __init__(self, on_readable):
        self.on_readable = on_readable


def _run_exit_handlers():
    import atexit

    run = getattr(atexit, "_run_exitfuncs", None)  # what a forked process has no public name for
    if run is not None:
        run()
