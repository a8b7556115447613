"""Waits for sockets. Those who watch one hear `on_readable`, and `on_writable` if they asked for room to write."""

import errno
import select


class Reactor(object):
    """Watchers by file descriptor."""

    def __init__(self):
        self._poller = select.poll()
        self._readers = {}
        self._writers = {}
        self._registered = set()

    def watch(self, fd, watcher):
        self._readers[fd] = watcher
        self._register(fd)

    def unwatch(self, fd):
        self._readers.pop(fd, None)
        self._register(fd)

    def want_room(self, fd, watcher):
        self._writers[fd] = watcher
        self._register(fd)

    def forget(self, fd):
        """Before the descriptor is closed."""
        self._readers.pop(fd, None)
        self._writers.pop(fd, None)
        self._register(fd)

    def turn(self, pause):
        """One round, of at most `pause` seconds. Someone may be forgotten while others are served."""
        try:
            events = self._poller.poll(pause * 1000)
        except (OSError, select.error) as error:
            if error.args[0] != errno.EINTR:
                raise
            return
        for fd, event in events:
            if event & select.POLLOUT or (fd in self._writers and event & (select.POLLERR | select.POLLHUP)):
                writer = self._writers.pop(fd, None)
                if writer is not None:
                    self._register(fd)
                    writer.on_writable()
            if event & ~select.POLLOUT and fd in self._readers:
                self._readers[fd].on_readable()

    def _register(self, fd):
        events = (select.POLLIN if fd in self._readers else 0) | (select.POLLOUT if fd in self._writers else 0)
        if events:
            self._poller.register(fd, events)
            self._registered.add(fd)
        elif fd in self._registered:
            self._poller.unregister(fd)
            self._registered.remove(fd)
