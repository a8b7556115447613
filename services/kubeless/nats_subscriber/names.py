"""
The names a pair has at the server: its queue group, its durable consumer, the place of its dead letters.

Names of Kubernetes objects hold lower-case letters, digits, dashes and dots. JetStream forbids dots in the names of
consumers, so a dot becomes `=`, which no object's name has: different pairs always have different names.
"""

from hashlib import sha256

from kubeless.delivery.sources.pair import Pair

MAX_CONSUMER = 128
"""Characters of a consumer's name. The server takes 255, but the name is part of a folder's path there."""

DEAD_LETTER_STREAM = "KUBELESS_DLQ"
DEAD_LETTER_SUBJECTS = "kubeless.dlq.>"


def queue_group(pair: Pair, topic: str) -> str:
    """The queue group of core NATS, named as ever."""
    return f"{pair.namespace}_{pair.trigger}_{pair.function}_{topic}"


def consumer_name(pair: Pair) -> str:
    """The durable consumer of a pair whose trigger names none."""
    name = f"kubeless_{'_'.join(pair)}".replace(".", "=")
    if len(name) <= MAX_CONSUMER:
        return name
    digest = sha256(name.encode()).hexdigest()[:16]
    return f"{name[: MAX_CONSUMER - 17]}_{digest}"
