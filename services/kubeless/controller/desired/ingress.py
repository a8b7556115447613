"""
The Ingress of an HTTPTrigger that asks for a gateway of another make.

The annotations are those the Go controller wrote, so that ingress controllers treat requests as before.
"""

from kubeless.api.httptrigger import HTTPTrigger, HTTPTriggerSpec
from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.controller.desired.ownership import CREATED_BY, child_annotations, owner_reference
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject

GATEWAYS = ("nginx", "traefik", "kong")
"""Gateways that are reached by an Ingress of the class of that name."""

_CLASS = "kubernetes.io/ingress.class"

GO_ANNOTATIONS = frozenset(
    {
        _CLASS,
        "kubernetes.io/tls-acme",
        "ingress.kubernetes.io/auth-secret",
        "ingress.kubernetes.io/auth-type",
        "ingress.kubernetes.io/enable-cors",
        "nginx.ingress.kubernetes.io/auth-secret",
        "nginx.ingress.kubernetes.io/auth-type",
        "nginx.ingress.kubernetes.io/enable-cors",
        "nginx.ingress.kubernetes.io/rewrite-target",
        "nginx.ingress.kubernetes.io/ssl-redirect",
    }
)
"""Annotations that the Go controller wrote on an Ingress, and never took away again."""


def desired_ingress(trigger: HTTPTrigger, *, port: int) -> JsonObject:
    """
    The Ingress that leads to `port` of the function's Service.

    Raises InvalidField for what the gateway cannot do.
    """
    spec = trigger.spec
    if not spec.function_name:
        raise InvalidField(
            "spec.functionSelector",
            spec.function_selector,
            problem=f"cannot be used with gateway {spec.gateway}: an Ingress leads to one Service",
            remedy="set function-name, or leave gateway empty to use the gateway of Kubeless",
        )
    annotations = {**_annotations(spec), **child_annotations(trigger.metadata)}
    # A class may be named in one place only; the annotation is the old one.
    ingress_class = annotations.pop(_CLASS, spec.gateway)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": trigger.metadata.name,
            "namespace": trigger.metadata.namespace,
            "labels": {**trigger.metadata.labels, **CREATED_BY},
            "annotations": annotations,
            "ownerReferences": [owner_reference(HTTP_TRIGGERS, trigger.metadata)],
        },
        "spec": {"ingressClassName": ingress_class, "rules": [_rule(spec, port)], **_tls(trigger)},
    }


def _rule(spec: HTTPTriggerSpec, port: int) -> JsonObject:
    backend = {"service": {"name": spec.function_name, "port": {"number": port}}}
    path = {"path": f"/{spec.path.lstrip('/')}", "pathType": "Prefix", "backend": backend}
    return {**({"host": spec.host_name} if spec.host_name else {}), "http": {"paths": [path]}}


def _tls(trigger: HTTPTrigger) -> JsonObject:
    spec = trigger.spec
    secret = spec.tls_secret or (f"{trigger.metadata.name}-tls" if spec.tls else "")
    if not secret:
        return {}
    hosts = {"hosts": [spec.host_name]} if spec.host_name else {}
    return {"tls": [{"secretName": secret, **hosts}]}


def _annotations(spec: HTTPTriggerSpec) -> dict[str, str]:
    prefix = "nginx.ingress.kubernetes.io" if spec.gateway == "nginx" else "ingress.kubernetes.io"
    annotations: dict[str, str] = {}
    if spec.gateway == "nginx":
        annotations[f"{prefix}/rewrite-target"] = "/"
    if spec.cors_enable:
        annotations[f"{prefix}/enable-cors"] = "true"
    if spec.basic_auth_secret:
        if spec.gateway == "kong":
            raise InvalidField(
                "spec.basic-auth-secret",
                spec.basic_auth_secret,
                problem="Setting basic authentication with Kong is not yet supported",
                remedy="use another gateway, or a plugin of Kong",
            )
        annotations |= {f"{prefix}/auth-secret": spec.basic_auth_secret, f"{prefix}/auth-type": "basic"}
    if spec.tls:
        annotations |= {"kubernetes.io/tls-acme": "true", "nginx.ingress.kubernetes.io/ssl-redirect": "true"}
    return annotations
