"""A real API server for tests, or a word on why there is none."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from support.certificates import NoOpenSsl
from support.clusterprograms import ClusterUnavailable
from support.realcluster import RealCluster


def real_cluster_or_skip(folder: Path, settings: Mapping[str, str] | None = None) -> RealCluster:
    """A control plane, not started yet, see `RealCluster`; skips the test on a machine that has none."""
    try:
        return RealCluster(folder, settings=settings)
    except (ClusterUnavailable, NoOpenSsl) as error:
        pytest.skip(f"no real API server: {error}")
