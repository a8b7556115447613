"""
Questions about the caller: the server knows no users, so everybody is the same one and may do everything.
"""

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.resources import ResourceType

_USER = {"username": "local", "groups": ["system:masters", "system:authenticated"]}
_EVERYTHING = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}
_ANSWERS: dict[str, JsonObject] = {
    "SelfSubjectReview": {"userInfo": _USER},
    "SelfSubjectAccessReview": {"allowed": True, "reason": "local mode has no access control"},
    "SelfSubjectRulesReview": _EVERYTHING,
}


def answer(resource: ResourceType, body: JsonObject) -> JsonObject:
    """The review with its status filled in; nothing is stored."""
    review: JsonObject = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
    if "spec" in body:
        review["spec"] = body["spec"]
    return {**review, "status": _ANSWERS[resource.kind]}
