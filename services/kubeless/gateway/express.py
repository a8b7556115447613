"""
The express way, which most requests of a busy gateway can take: a head that came before, and a small body.

    client: one read         same bytes of a head as before, and the body whole
            find             its plan: route, function, admission and nearly all of the head are decided (`plans`)
            send             head with its gaps filled, and body, in one write on an idle connection
    function: one read       same bytes of a head as before, and the body whole (`kubeless.delivery.transport.caller`)
            answer           head with its gap filled, and body, in one write
            count            in the metrics, and perhaps in the access log

No task, future, parser, header list or look-up in a table is part of it, which is why it costs a fraction of the long
way. What is equal byte for byte to something that was read strictly means the same, so nothing is checked less.

It can be left at every step. Without a plan, a place on the route or an idle connection, nothing has happened yet and
`take` says so. Afterwards the request is unfolded into what the long way would have made of it by then, and goes on
there, with the same id. If the client goes away, the exchange with the function ends.
"""

from collections.abc import Callable
from random import getrandbits
from time import perf_counter

from kubeless.delivery.transport.connection import Connection
from kubeless.delivery.transport.heads import Known
from kubeless.delivery.transport.response import Response
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.admission import Admission, read_target
from kubeless.gateway.dispatch import Dispatch
from kubeless.gateway.headers import ID_PREFIX, forwarded_node
from kubeless.gateway.incoming import ExpressClient, Incoming
from kubeless.gateway.journal import Journal, Progress
from kubeless.gateway.plans import Plan, Plans
from kubeless.gateway.shortcut import Forwarder, Passage


class Expressway:
    """Makes the expresses of clients, and holds what they share."""

    def __init__(
        self, forwarder: Forwarder, *, dispatch: Dispatch, admission: Admission, transport: Transport, journal: Journal
    ) -> None:
        self.forwarder = forwarder
        self.dispatch = dispatch
        self.admission = admission
        self.transport = transport
        self.journal = journal
        self._plans = {scheme: Plans(dispatch, admission) for scheme in ("http", "https")}

    def __repr__(self) -> str:
        return f"<Expressway {sum(map(len, self._plans.values()))} plans>"

    def express(self, client: ExpressClient, write: Callable[[bytes], None], *, peer: str, scheme: str) -> "Express":
        """For one connection; `write` sends to the client."""
        return Express(self, self._plans[scheme], client, write, peer)


class Express:
    """See `kubeless.gateway.incoming.Express` and `kubeless.delivery.transport.caller.Caller`."""

    __slots__ = (
        "_address",
        "_begun",
        "_client",
        "_connection",
        "_data",
        "_find",
        "_journal",
        "_node",
        "_peer",
        "_plan",
        "_plans",
        "_request_id",
        "_shared",
        "_write",
    )

    _plan: Plan

    def __init__(
        self, shared: Expressway, plans: Plans, client: ExpressClient, write: Callable[[bytes], None], peer: str
    ) -> None:
        self._shared = shared
        self._journal = shared.journal
        self._plans = plans
        self._find = plans.find
        self._client = client
        self._write = write
        self._peer = peer
        self._address = peer.encode("ascii", "replace")
        self._node = forwarded_node(self._address)
        self._connection: Connection | None = None
        """To the function, while a request is under way here."""
        self._data = b""
        """The request under way."""
        self._request_id = b""
        self._begun = 0.0

    # -- for the client's connection

    def take(self, data: bytes) -> bool:
        """Whether `data` is one whole request that is on its way now."""
        end = data.find(b"\r\n\r\n") + 4
        plan = self._find(data[:end])
        if plan is None or len(data) - end != plan.length or self._journal.stopping:
            return False
        shared = self._shared
        if not shared.admission.take_place(plan.route):
            return False
        span = b"%016x" % (getrandbits(64) or 1)
        request_id = ID_PREFIX + span
        message = plan.head.message(self._address, self._node, request_id, span, data[end:])
        connection = shared.transport.ask(self, message, plan.endpoints, read=plan.timeouts.read)
        if connection is None:
            shared.admission.leave(plan.route)
            return False
        self._connection = connection
        self._plan = plan
        self._data = data
        self._request_id = request_id
        self._begun = perf_counter()
        self._journal.begin()
        return True

    def offer(self, head: bytes, incoming: Incoming) -> None:
        """A request that could not be taken: the next with this head perhaps can."""
        self._plans.offer(head, incoming)

    def gone(self) -> None:
        """The client has gone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abandon()
            progress = self._progress()
            progress.outcome = "client_gone"
            self._shared.admission.leave(self._plan.route)
            self._journal.end(self._plan.incoming(self._peer, b""), progress)

    # -- for the transport

    def came(self, known: Known, body: bytes) -> None:
        """The whole response is there."""
        plan = self._plan
        head = plan.answers.get(known) or plan.learn(known)
        if head is None or self._client.must_close:
            self._leave(_whole(known, body))
            return
        self._connection = None
        self._data = b""
        self._write(b"".join((head.before_id, self._request_id, b"\r\n\r\n", body)))
        self._shared.admission.leave(plan.route)
        self._journal.answered(plan, head.status, begun=self._begun, request_id=self._request_id, peer=self._peer)
        self._client.answered(close=False)

    def turned(self, response: Response) -> None:
        """The response is no such thing, or fails."""
        self._leave(response)

    def _leave(self, response: Response) -> None:
        """Go on as a request that took the short way and now waits for `response`."""
        data, plan, shared = self._data, self._plan, self._shared
        self._connection = None
        self._data = b""
        end = len(data) - plan.length
        incoming = plan.incoming(self._peer, data[end:])
        target, host, _ = read_target(incoming)
        progress = self._progress()
        request = shared.dispatch.request(incoming, target, host, plan.route, progress.request_id, None)
        Passage(
            shared.forwarder,
            incoming,
            self._client.reply(data[:end]),
            progress,
            plan.route,
            request,
            plan.endpoints,
            plan.timeouts,
            response,
        ).go_on()

    def _progress(self) -> Progress:
        plan = self._plan
        return Progress(self._request_id.decode("ascii"), plan.route, plan.function, begun=self._begun)


class _Nowhere:
    """The source of a response that is complete."""

    def pause(self) -> None:
        """Nothing comes."""

    def resume(self) -> None:
        """Nothing comes."""

    def abandon(self) -> None:
        """Nothing comes."""


def _whole(known: Known, body: bytes) -> Response:
    response = Response(_Nowhere(), 0)
    response.came_whole(known.status, known.headers, body)
    return response
