"""What the engine asks of whoever makes an attempt: one request, one answer, never an exception for a failure."""

from typing import Protocol

from kubeless.core.event import Event
from kubeless.delivery.outcome import Answer
from kubeless.kube.cache import ObjectKey


class Sender(Protocol):
    """Makes attempts."""

    async def send(self, event: Event, function: ObjectKey, timeout: float) -> Answer:
        """
        Hand `event` to `function` once, within `timeout` seconds.

        Whatever the function or the network does is an answer. What is raised is a defect, and ends the deliverer.
        """
