"""What a node needs to know."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """The settings of one node; every duration is in seconds."""

    data_dir: Path
    """Folder of the platform; pods live in `pods/<uid>` below it."""

    name: str = "local"
    """Name of the node, as pods are bound to it."""

    subnet: str = ""
    """
    Loopback network for the addresses of pods, such as `127.80.0.0/16`.

    "" chooses one by `data_dir`, so that two platforms on a machine seldom meet.
    """

    own_addresses: bool | None = None
    """Whether each pod has its own loopback address, else 127.0.0.1 and a free port; None: where Linux runs."""

    drain_delay: float = 0.25
    """Between a pod's leaving the endpoints and SIGTERM: routers must know before the server stops accepting."""

    stop_grace: float = 5.0
    """How long processes may take to end when the node itself stops, before they are killed."""

    step_timeout: float = 600.0
    """Bound of one install or compile step."""

    download_timeout: float = 120.0
    """Bound of fetching a function's source from its URL."""

    download_bytes: int = 512 << 20
    """Largest file that is fetched."""

    log_segment_bytes: int = 10 << 20
    """Size at which a container's log begins a new file."""

    log_segments: int = 3
    """How many files of a container's log are kept."""

    restart_initial: float = 1.0
    """First pause before a container that ended is started again; doubles with each restart."""

    restart_maximum: float = 60.0
    """Longest such pause; a container that ran this long starts again from the first pause."""

    autoscale_period: float = 5.0
    """Between two looks at an autoscaler."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """Where pods get what they need of the machine's environment (`kubeless.local.node.environment`)."""
