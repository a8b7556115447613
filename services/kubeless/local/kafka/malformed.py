"""What is not Kafka's protocol: the connection that it came on is closed, nothing else happens."""

from kubeless.core.errors import InvalidInput


class Malformed(InvalidInput):
    """The bytes are not a request that this broker can read."""
