"""A socket that is never waited for: what cannot be written at once is kept and written when there is room."""

import errno
import fcntl
import socket

PIECE = 256 * 1024
_LATER = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


def close_on_exec(sock):
    """Programs that a function starts do not inherit the socket; newer interpreters see to that themselves."""
    flags = fcntl.fcntl(sock.fileno(), fcntl.F_GETFD)
    fcntl.fcntl(sock.fileno(), fcntl.F_SETFD, flags | fcntl.FD_CLOEXEC)


class Pipeline(object):
    """Bytes to and from a socket."""

    def __init__(self, sock):
        sock.setblocking(False)
        close_on_exec(sock)
        self.sock = sock
        self.fd = sock.fileno()
        self.is_closed = False
        self._out = b""
        self._sent = 0

    @property
    def is_pending(self):
        return self._sent < len(self._out)

    def write(self, data):
        """Write what there is room for; False if the other side has gone."""
        self._out = self._out[self._sent :] + data if self._out else data
        self._sent = 0
        try:
            while self._sent < len(self._out):
                self._sent += self.sock.send(self._out[self._sent : self._sent + PIECE])
        except socket.error as error:
            return error.errno in _LATER
        self._out = b""
        self._sent = 0
        return True

    def read(self):
        """What has come; None at the end."""
        try:
            return self.sock.recv(PIECE) or None
        except socket.error as error:
            return b"" if error.errno in _LATER else None

    def close(self):
        if not self.is_closed:
            self.is_closed = True
            self.sock.close()
