"""How the controller is configured, by environment variables, named as in the Go controller where it had them."""

from dataclasses import dataclass

from kubeless.core.settings import setting


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the controller itself. What concerns functions is in a ConfigMap (`kubeless.controller.config`)."""

    kubeless_namespace: str = setting("KUBELESS_NAMESPACE", default="")
    """Namespace of the ConfigMap and of the lease. Empty: what the annotation of the CRD says, else `kubeless`."""
    config_name: str = setting("KUBELESS_CONFIG", default="")
    """Name of the ConfigMap. Empty: what the annotation of the CRD says, else `kubeless-config`."""
    functions_namespaces: tuple[str, ...] = setting("FUNCTIONS_NAMESPACE", default=())
    """The namespaces to look after. Empty: what the ConfigMap says, else all namespaces."""
    registry: str = setting("RUNTIME_REGISTRY", default="kubeless")
    """Where the images of the built-in runtimes are, such as `example.com/team`."""
    image_overrides: tuple[str, ...] = setting("RUNTIME_IMAGES", default=())
    """Images of single runtimes, as `PYTHON3.11_RUNTIME=image`."""
    workers: int = setting("CONTROLLER_WORKERS", default=8)
    """Functions worked on at the same time."""
    leader_election: bool = setting("LEADER_ELECTION", default=True)
    """Whether replicas agree on one that acts. Turn it off only where there can be no second one."""
    identity: str = setting("HOSTNAME", default="controller")
    """Name of this replica in the lease; the name of the pod by default."""
    admin_host: str = setting("ADMIN_HOST", default="0.0.0.0")
    """Address of the admin port."""
    admin_port: int = setting("ADMIN_PORT", default=8090)
    """Port of /healthz, /readyz and /metrics; 0 takes a free one."""
