"""Whether a socket that should be silent is."""

import asyncio
import select


def readable(transport: asyncio.Transport) -> bool:
    """
    Whether bytes or the end of the stream wait in the socket, which the event loop may not have looked at yet. Either
    way an idle connection is finished.
    """
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([sock.fileno()], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))
