"""What mends a trigger, by the reason its condition gives."""

from collections.abc import Mapping

from kubeless.cli.explain.facts import TriggerFacts

_UPDATE = "kubeless trigger {command} update {name}"

_CERTIFICATE = (
    "kubectl create secret tls {tls} --cert=<file> --key=<file> --dry-run=client -o yaml{flag}"
    " | kubectl apply{flag} -f -"
)
_USERS = (
    "kubectl create secret generic {users} --from-file=auth=<htpasswd file> --dry-run=client -o yaml{flag}"
    " | kubectl apply{flag} -f -"
)

_REMEDIES: Mapping[str, str] = {
    "TopicNotFound": "kubeless topic create {topic}",
    "RouteConflict": _UPDATE + " --path <other>{flag}\nor: " + _UPDATE + " --hostname <other>{flag}",
    "CertificateExpired": _CERTIFICATE,
    "CertificateNotYetValid": _CERTIFICATE,
    "CertificateIncomplete": _CERTIFICATE,
    "CertificateUnusable": _CERTIFICATE,
    "BasicAuthUnusable": _USERS,
    "InvalidSchedule": _UPDATE + " --schedule <cron>{flag}",
    "InvalidSpec": "kubectl edit {plural} {name}{flag}",
    "DeadLetterNotWritable": "kubeless topic create {topic}.{namespace}.{name}.dlq\n{service}",
    "CallFailed": "kubeless trigger {command} fire {name}{flag}",
    "ConsumerTaken": _UPDATE + " --durable <other>{flag}",
    "PermissionDenied": "allow it at the broker, or: " + _UPDATE + " --trigger-topic <other>{flag}",
}

_SECRET_MISSING = {"tls-secret": _CERTIFICATE, "basic-auth-secret": _USERS}

_LABELS = {
    "http": "http-trigger-controller",
    "cronjob": "cronjob-trigger-controller",
    "kafka": "kafka-trigger-controller",
    "nats": "nats-trigger-controller",
}
"""Values of the label `kubeless` that the pods of a service have."""


def remedy_of(reason: str, facts: TriggerFacts) -> str:
    """The commands for a reason."""
    spec = facts.trigger.get("spec") or {}
    text = _REMEDIES.get(reason, "{service}")
    if reason in ("SecretMissing", "InvalidSecretName"):
        text = next((text for field, text in _SECRET_MISSING.items() if spec.get(field)), "{service}")
    return text.format(
        command=facts.command,
        name=facts.name,
        flag=facts.flag,
        namespace=facts.trigger["metadata"].get("namespace") or "default",
        plural=facts.kind.resource.plural,
        service=service_remedy(facts),
        topic=spec.get("topic") or "<topic>",
        tls=spec.get("tls-secret") or f"{facts.name}-tls",
        users=spec.get("basic-auth-secret") or "<secret>",
    )


def service_remedy(facts: TriggerFacts) -> str:
    """Where to look when the service that works for this kind of trigger does not."""
    label = _LABELS[facts.command]
    return f"kubectl get pods -n kubeless -l kubeless={label}\non this machine: kubeless local status"


def broker_remedy(facts: TriggerFacts) -> str:
    """Where to look when the service runs and its broker does not."""
    name = facts.command.upper()
    setting = {"KAFKA": "KAFKA_BROKERS", "NATS": "NATS_URL"}.get(name, name)
    start = f"start the broker, or correct {setting} of the controller"
    return (
        f"{start}: kubectl set env -n kubeless deployment/{_LABELS[facts.command]} {setting}=…\n{service_remedy(facts)}"
    )
