"""A real API server for tests, or a word on why there is none."""

from pathlib import Path

import pytest

from support.certificates import NoOpenSsl
from support.clusterprograms import ClusterUnavailable
from support.realcluster import RealCluster


def real_cluster_or_skip(folder: Path) -> RealCluster:
    """A control plane, not started yet; skips the test on a machine that has none."""
    try:
        return RealCluster(folder)
    except (ClusterUnavailable, NoOpenSsl) as error:
        pytest.skip(f"no real API server: {error}")
