"""
What an operator can set on the Kafka consumer, by environment variables.

The names are those of the Go controller where it had them, and so is what happens when only half of a pair is given.
"""

from dataclasses import dataclass
from pathlib import Path

from kubeless.core.settings import setting


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once at start, see `kubeless.core.settings`."""

    brokers: tuple[str, ...] = setting("KAFKA_BROKERS", default=("kafka.kubeless:9092",))
    """Where the cluster is found, as `host:port`."""

    enable_tls: bool = setting("KAFKA_ENABLE_TLS", default=False)
    """Talk TLS to the brokers."""

    ca_certs: Path | None = setting("KAFKA_CACERTS", default=None)
    """File of the authorities that sign the brokers' certificates. Default: those of the system."""

    cert: Path | None = setting("KAFKA_CERT", default=None)
    """File of our certificate, where brokers ask for one; needs KAFKA_KEY."""

    key: Path | None = setting("KAFKA_KEY", default=None)
    """File of the private key of KAFKA_CERT."""

    insecure: bool = setting("KAFKA_INSECURE", default=False)
    """Do not verify the brokers' certificates."""

    enable_sasl: bool = setting("KAFKA_ENABLE_SASL", default=False)
    """Log in at the brokers; needs a user name and a password."""

    sasl_mechanism: str = setting("KAFKA_SASL_MECHANISM", default="PLAIN")
    """PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."""

    username: str = setting("KAFKA_USERNAME", default="")
    """Name to log in with."""

    password: str = setting("KAFKA_PASSWORD", default="")
    """Password to log in with."""

    secret: str = setting("KAFKA_SECRET", default="")
    """
    A Secret, as `namespace/name` or a name in KUBELESS_NAMESPACE, whose keys `username`, `password`, `ca.crt`,
    `tls.crt` and `tls.key` go before the variables above. A change of it holds without a restart.
    """

    files_interval: float = setting("KAFKA_FILES_INTERVAL", default=10.0)
    """Seconds between two looks at the certificate files; a change of them holds without a restart."""

    namespaces: tuple[str, ...] = setting("KAFKA_TRIGGER_NAMESPACE", default=())
    """Serve the triggers of these namespaces only. Default: of all."""

    routing_mode: str = setting("ROUTING_MODE", default="endpoints")
    """`endpoints`: call pods, balanced here. `service`: call the Service's name, balanced by the cluster."""

    session_timeout: float = setting("KAFKA_SESSION_TIMEOUT", default=10.0)
    """Seconds after which the broker gives the partitions of a replica that has died to the others."""

    revoke_timeout: float = setting("KAFKA_REVOKE_TIMEOUT", default=10.0)
    """Seconds that events in flight have when partitions move; what takes longer may be delivered twice."""

    commit_interval: float = setting("KAFKA_COMMIT_INTERVAL", default=0.5)
    """Seconds between two commits. After a crash, what was done since the last one is delivered again."""

    max_gap: int = setting("KAFKA_MAX_GAP", default=10_000)
    """Events of one partition taken since its oldest one that is not done. At this bound no more are taken."""

    stall_interval: float = setting("KAFKA_STALL_INTERVAL", default=30.0)
    """Seconds between two looks at whether a consumer makes progress; after three without, it is remade."""

    probe_interval: float = setting("KAFKA_PROBE_INTERVAL", default=5.0)
    """Seconds between two looks at whether the brokers answer."""

    status_interval: float = setting("KAFKA_STATUS_INTERVAL", default=15.0)
    """Seconds between two writes of the numbers in a trigger's status. Conditions are written within one second."""

    request_timeout: float = setting("KAFKA_REQUEST_TIMEOUT", default=15.0)
    """Seconds for one request to a broker."""

    drain_timeout: float = setting("KAFKA_DRAIN_TIMEOUT", default=20.0)
    """Seconds given to events in flight when the service stops; a pod's default grace period is 30."""

    event_log: bool = setting("EVENT_LOG", default=True)
    """Write one line per event that was delivered. Events that did not go well always get one."""

    event_log_sample: float = setting("EVENT_LOG_SAMPLE", default=1.0)
    """Share of the delivered events that get a line, from 0 to 1."""

    otlp_endpoint: str = setting("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
    """Collector of spans (OTLP over HTTP), such as http://collector:4318; needs the extra `tracing`. Empty: none."""

    leader_election: bool = setting("LEADER_ELECTION", default=True)
    """Whether replicas agree on one that writes statuses. Turn it off only where there can be no second one."""

    kubeless_namespace: str = setting("KUBELESS_NAMESPACE", default="kubeless")
    """Namespace of the lease, and of the Secret if its name has none."""

    identity: str = setting("HOSTNAME", default="kafka-consumer")
    """Name of this replica in the lease; the name of the pod by default."""

    admin_host: str = setting("ADMIN_HOST", default="0.0.0.0")
    """Address of the admin port."""

    admin_port: int = setting("ADMIN_PORT", default=8091)
    """Port of /healthz, /readyz, /metrics and of the operations on topics; 0 takes a free one."""
