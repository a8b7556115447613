"""
What a person may do, asked of the cluster itself (SelfSubjectAccessReview).

The answers decide only which buttons work and what they say: whether a request is allowed is decided by the API server
when it comes.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError
from kubeless.kube.resources import SELF_SUBJECT_ACCESS_REVIEWS

LIFETIME = 30.0
"""Seconds an answer counts for; roles change seldom, and a refusal tells the truth at once."""


@dataclass(frozen=True, slots=True)
class Question:
    """May I do `verb` with objects of `resource` in `namespace` (empty: in all)?"""

    verb: str
    resource: Resource
    namespace: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is for people, and empty where it is allowed."""

    allowed: bool
    reason: str = ""


class Rights:
    """Of one account, remembered for a while."""

    def __init__(self, client: KubeClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[Question, tuple[float, Verdict]] = {}

    async def may(self, verb: str, resource: Resource, namespace: str = "", *, subresource: str = "") -> Verdict:
        """The answer; where the cluster does not tell, it is yes, as the request itself will tell."""
        question = Question(verb, resource, namespace, subresource)
        known = self._known.get(question)
        if known is not None and self._clock() - known[0] < LIFETIME:
            return known[1]
        verdict = await self._ask(question)
        self._known[question] = (self._clock(), verdict)
        return verdict

    async def may_all(self, *questions: Question) -> Verdict:
        """Whether all of it is allowed; the first reason why not."""
        verdicts = await asyncio.gather(
            *(self.may(each.verb, each.resource, each.namespace, subresource=each.subresource) for each in questions)
        )
        return next((verdict for verdict in verdicts if not verdict.allowed), Verdict(True))

    async def _ask(self, question: Question) -> Verdict:
        try:
            review = await self._client.create(SELF_SUBJECT_ACCESS_REVIEWS, review_of(question))
        except KubeError:
            return Verdict(True)
        return read_verdict(question, review)


def review_of(question: Question) -> JsonObject:
    """The object to create."""
    attributes = {
        "verb": question.verb,
        "group": question.resource.group,
        "version": question.resource.version,
        "resource": question.resource.plural,
        "subresource": question.subresource,
        "namespace": question.namespace,
    }
    return {
        "apiVersion": SELF_SUBJECT_ACCESS_REVIEWS.api_version,
        "kind": SELF_SUBJECT_ACCESS_REVIEWS.kind,
        "metadata": {},
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }


def read_verdict(question: Question, review: JsonObject) -> Verdict:
    """What the answer says."""
    status = review.get("status") or {}
    if status.get("allowed"):
        return Verdict(True)
    what = question.resource.plural + (f"/{question.subresource}" if question.subresource else "")
    where = f"namespace {question.namespace}" if question.namespace else "all namespaces"
    told = f": {status['reason']}" if status.get("reason") else ""
    return Verdict(False, f"You may not {question.verb} {what} in {where}{told}")
