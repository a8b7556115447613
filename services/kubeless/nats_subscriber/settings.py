"""
What an operator can set on the NATS subscriber, by environment variables.

`NATS_URL` is that of the Go controller; the others are new, named as those of the Kafka consumer where they mean the
same.
"""

from dataclasses import dataclass
from pathlib import Path

from kubeless.core.settings import setting


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once at start, see `kubeless.core.settings`."""

    servers: tuple[str, ...] = setting("NATS_URL", default=("nats://nats.nats-io.svc.cluster.local:4222",))
    """Servers of one cluster, as `nats://host:port` or `tls://host:port`; others of it are found by themselves."""

    user: str = setting("NATS_USER", default="")
    """Name to log in with; needs NATS_PASSWORD."""

    password: str = setting("NATS_PASSWORD", default="")
    """Password of NATS_USER."""

    token: str = setting("NATS_TOKEN", default="")
    """Token to log in with, instead of a name."""

    nkey_seed: Path | None = setting("NATS_NKEY_SEED", default=None)
    """File of the NKey seed to log in with."""

    creds: Path | None = setting("NATS_CREDS", default=None)
    """File of the credentials (JWT and NKey seed) to log in with."""

    ca: Path | None = setting("NATS_CA", default=None)
    """File of the authorities that sign the servers' certificates. Default: those of the system."""

    cert: Path | None = setting("NATS_CERT", default=None)
    """File of our certificate, where servers ask for one; needs NATS_KEY."""

    key: Path | None = setting("NATS_KEY", default=None)
    """File of the private key of NATS_CERT."""

    enable_tls: bool = setting("NATS_ENABLE_TLS", default=False)
    """Refuse servers that do not offer TLS, whatever the scheme of their address."""

    secret: str = setting("NATS_SECRET", default="")
    """
    A Secret, as `namespace/name` or a name in KUBELESS_NAMESPACE, whose keys `username`, `password`, `token`, `nkey`,
    `creds`, `ca.crt`, `tls.crt` and `tls.key` go before the variables above. A change of it holds without a restart.
    """

    files_interval: float = setting("NATS_FILES_INTERVAL", default=10.0)
    """Seconds between two looks at the files above; a change of them holds without a restart."""

    domain: str = setting("NATS_JETSTREAM_DOMAIN", default="")
    """JetStream domain, for servers behind a leaf node."""

    namespaces: tuple[str, ...] = setting("NATS_TRIGGER_NAMESPACE", default=())
    """Serve the triggers of these namespaces only. Default: of all."""

    routing_mode: str = setting("ROUTING_MODE", default="endpoints")
    """`endpoints`: call pods, balanced here. `service`: call the Service's name, balanced by the cluster."""

    pending_messages: int = setting("NATS_PENDING_MESSAGES", default=65_536)
    """Messages of core NATS that one trigger and function may hold; what comes beyond is dropped and counted."""

    pending_bytes: int = setting("NATS_PENDING_BYTES", default=64 * 2**20)
    """Bytes of such messages."""

    max_reply: int = setting("NATS_MAX_REPLY", default=2**20)
    """Bytes of a function's response that can be a reply; a longer one is answered with an error."""

    ack_wait: float = setting("NATS_ACK_WAIT", default=30.0)
    """Seconds after which the server gives the events of a replica that has died to the others (JetStream)."""

    heartbeat: float = setting("NATS_HEARTBEAT", default=5.0)
    """Seconds between two signs of life of an idle JetStream consumer; after two are missing, it is begun anew."""

    consumer_expiry: float = setting("NATS_CONSUMER_EXPIRY", default=30 * 86_400.0)
    """
    Seconds after which the server removes a JetStream consumer of ours that nobody uses: those of triggers that were
    deleted while no replica ran, for all others are removed at once. A trigger that was suspended for longer begins
    where it began first. 0: never.
    """

    stall_interval: float = setting("NATS_STALL_INTERVAL", default=15.0)
    """Seconds between two looks at whether a JetStream consumer makes progress; after three without, it is remade."""

    probe_interval: float = setting("NATS_PROBE_INTERVAL", default=2.0)
    """Seconds between two looks at whether the server answers."""

    status_interval: float = setting("NATS_STATUS_INTERVAL", default=15.0)
    """Seconds between two writes of the numbers in a trigger's status. Conditions are written within one second."""

    request_timeout: float = setting("NATS_REQUEST_TIMEOUT", default=5.0)
    """Seconds for one request to a server."""

    drain_timeout: float = setting("NATS_DRAIN_TIMEOUT", default=20.0)
    """Seconds given to events in flight when the service stops; a pod's default grace period is 30."""

    dead_letter_replicas: int = setting("NATS_DLQ_REPLICAS", default=1)
    """Replicas of the stream KUBELESS_DLQ, if the service has to make it."""

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

    identity: str = setting("HOSTNAME", default="nats-subscriber")
    """Name of this replica in the lease; the name of the pod by default."""

    admin_host: str = setting("ADMIN_HOST", default="0.0.0.0")
    """Address of the admin port."""

    admin_port: int = setting("ADMIN_PORT", default=8092)
    """Port of /healthz, /readyz, /metrics and of the operations on subjects; 0 takes a free one."""
