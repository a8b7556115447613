"""A cluster for the controller."""

from collections.abc import AsyncIterator

import pytest

from kubeless.kube.client import KubeClient
from support.controllerworld import embedded_cluster


@pytest.fixture
async def client() -> AsyncIterator[KubeClient]:
    async with embedded_cluster() as client:
        yield client
