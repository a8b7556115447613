"""What an operator can set on the cron scheduler, by environment variables."""

from dataclasses import dataclass

from kubeless.core.settings import setting


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once at start, see `kubeless.core.settings`."""

    namespaces: tuple[str, ...] = setting("CRON_TRIGGER_NAMESPACE", default=())
    """Serve the triggers of these namespaces only. Default: of all."""

    time_zone: str = setting("CRON_TIME_ZONE", default="")
    """IANA name of the zone of triggers that name none. Default: UTC."""

    grace: float = setting("CRON_GRACE", default=30.0)
    """Seconds by which a call may be late and still count as on time; longer than a takeover between replicas."""

    status_interval: float = setting("CRON_STATUS_INTERVAL", default=15.0)
    """Seconds between two writes of the times in one trigger's status. Conditions are written within one second."""

    status_rate: float = setting("CRON_STATUS_RATE", default=10.0)
    """Writes of statuses per second, over all triggers. With many triggers their times are shown that much later."""

    routing_mode: str = setting("ROUTING_MODE", default="endpoints")
    """`endpoints`: call pods, balanced here. `service`: call the Service's name, balanced by the cluster."""

    drain_timeout: float = setting("CRON_DRAIN_TIMEOUT", default=20.0)
    """Seconds given to calls in flight when the service stops; what takes longer is repeated by the next leader."""

    event_log: bool = setting("EVENT_LOG", default=True)
    """Write one line per event that was delivered. Events that did not go well always get one."""

    event_log_sample: float = setting("EVENT_LOG_SAMPLE", default=1.0)
    """Share of the delivered events that get a line, from 0 to 1."""

    otlp_endpoint: str = setting("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
    """Collector of spans (OTLP over HTTP), such as http://collector:4318; needs the extra `tracing`. Empty: none."""

    leader_election: bool = setting("LEADER_ELECTION", default=True)
    """Whether replicas agree on one that calls. Turn it off only where there can be no second one."""

    lease: str = setting("CRON_LEASE", default="kubeless-cron-scheduler")
    """Name of the Lease that replicas compete for."""

    kubeless_namespace: str = setting("KUBELESS_NAMESPACE", default="kubeless")
    """Namespace of the lease and of the journal."""

    identity: str = setting("HOSTNAME", default="cron-scheduler")
    """Name of this replica in the lease; the name of the pod by default."""

    admin_host: str = setting("ADMIN_HOST", default="0.0.0.0")
    """Address of the admin port."""

    admin_port: int = setting("ADMIN_PORT", default=8093)
    """Port of /healthz, /readyz, /metrics and of calls on demand; 0 takes a free one."""
