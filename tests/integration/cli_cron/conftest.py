"""The real command, against the embedded API server."""

from integration.cli.conftest import bench

__all__ = ["bench"]
