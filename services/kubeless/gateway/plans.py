"""
Requests that are decided once: everything that follows from a head alone, made ready for the next request with it.

A plan holds for a head, byte for byte, as long as no route and no function has changed. There is none for a request
whose way depends on anything else: a password, a choice by weight, a body that is still to come, an id that the client
gives. Those are decided one by one, by the `Forwarder`.
"""

from dataclasses import dataclass, field, replace

from kubeless.delivery.transport.errors import InvalidRequest
from kubeless.delivery.transport.heads import Known
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.gateway.admission import Admission, read_target
from kubeless.gateway.cors import is_preflight
from kubeless.gateway.dispatch import Dispatch
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.metrics import Series
from kubeless.gateway.readyheads import AnswerHead, RequestHead, answer_head, request_head
from kubeless.gateway.refusal import Refusal
from kubeless.gateway.route import Route
from kubeless.routing.endpoints import Endpoint

_KEPT = 1024
_LONGEST_HEAD = 1024
_LONGEST_BODY = 64 * 1024
"""Bytes; what is longer comes in pieces."""
_ANSWERS = 8


@dataclass(slots=True, eq=False)
class Plan:
    """What becomes of requests with one head. Not frozen: it is read several times for each request."""

    route: Route
    function: str
    """`namespace/name`."""
    endpoints: tuple[Endpoint, ...]
    timeouts: Timeouts
    head: RequestHead
    length: int
    """Of the body."""
    sample: Incoming
    """The request it was made of."""
    series: dict[int, Series] = field(default_factory=dict)
    """Where answers are counted, by status."""
    answers: dict[Known, AnswerHead | None] = field(default_factory=dict)

    def incoming(self, peer: str, body: bytes) -> Incoming:
        """The request in full, for who takes it off the express way."""
        return replace(self.sample, peer=peer, body=body)

    def learn(self, known: Known) -> AnswerHead | None:
        """The head of the answer to a response with the head `known`, remembered; None: it needs a closer look."""
        if len(self.answers) >= _ANSWERS:
            self.answers.clear()
        head = self.answers[known] = answer_head(known, cors=self.route.cors)
        return head


class Plans:
    """Those for one scheme, http or https. A few MB at most."""

    __slots__ = ("_admission", "_dispatch", "_functions", "_known", "_routes", "_versions")

    def __init__(self, dispatch: Dispatch, admission: Admission) -> None:
        self._dispatch = dispatch
        self._routes = dispatch.routes
        self._functions = dispatch.functions
        self._admission = admission
        self._known: dict[bytes, Plan | None] = {}
        """None: a head that cannot have one."""
        self._versions = (-1, -1)

    def __len__(self) -> int:
        return sum(plan is not None for plan in self._known.values())

    def find(self, head: bytes) -> Plan | None:
        """The plan for a head, if there is one that still holds."""
        versions = self._versions
        if versions[0] != self._routes.version or versions[1] != self._functions.version:
            self._known.clear()
            self._versions = (self._routes.version, self._functions.version)
        return self._known.get(head)

    def offer(self, head: bytes, incoming: Incoming) -> None:
        """
        A request without a plan came, not for the first time; perhaps its head gets one. It must be HTTP/1.1 and expect
        an answer with a body on a connection that stays.
        """
        if len(head) > _LONGEST_HEAD or self.find(head) is not None or head in self._known:
            return
        if len(self._known) >= _KEPT:
            self._known.clear()
        try:
            self._known[head] = self._make(incoming)
        except (Refusal, InvalidRequest):
            self._known[head] = None

    def _make(self, incoming: Incoming) -> Plan | None:
        """Raises Refusal and InvalidRequest."""
        length = incoming.content_length or 0
        first = incoming.first
        if length > _LONGEST_BODY or b"x-request-id" in first or b"traceparent" in first:
            return None
        target, host, name = read_target(incoming)
        route = self._dispatch.find(name, target)
        if route.selector is not None or not host or (route.cors and is_preflight(incoming)):
            return None
        self._dispatch.body_limit(incoming, route)
        if not self._admission.lets_all_in(incoming, route):
            return None
        chosen = self._dispatch.destination(route)
        return Plan(
            route=route,
            function=chosen.name,
            endpoints=chosen.endpoints,
            timeouts=self._dispatch.timeouts(route, chosen),
            head=request_head(incoming, target=target.rest(route.depth), host=host, length=length),
            length=length,
            sample=replace(incoming, body=b""),
        )
