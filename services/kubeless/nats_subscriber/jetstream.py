"""
The JetStream API as requests and answers in JSON (https://docs.nats.io/reference/reference-protocols/nats_api_reference).

The library has types for it, but they know only the fields of their own version, and drop the others on the way back: a
consumer that somebody else made must keep what it has when it is updated.
"""

import asyncio
from typing import Any

import orjson
from nats.aio.client import Client
from nats.errors import NoRespondersError

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.nats_subscriber.foreign import FAILURES, BrokerUnavailable, describe, heed_cancellation, was_cancelled

STREAM_NOT_FOUND = 10059
CONSUMER_NOT_FOUND = 10014


class JetStreamUnavailable(BrokerUnavailable):
    """The server has no JetStream, or this account may not use it; start it with -js."""


class JetStreamRefused(KubelessError):
    """JetStream refused a request."""

    retriable = True

    def __init__(self, error: JsonObject) -> None:
        self.code = int(error.get("err_code") or 0)
        super().__init__(str(error.get("description") or f"error {error.get('code')}")[:1024])


class JetStream:
    """The API over one connection."""

    def __init__(self, client: Client, *, domain: str, timeout: float) -> None:
        """`timeout` is seconds for one request."""
        self.client = client
        self._prefix = f"$JS.{domain}.API" if domain else "$JS.API"
        self._timeout = timeout

    def subject(self, name: str) -> str:
        """The subject of an operation, such as `CONSUMER.MSG.NEXT.<stream>.<consumer>`."""
        return f"{self._prefix}.{name}"

    async def request(self, name: str, body: JsonObject | None = None) -> JsonObject:
        """
        Ask, and return the answer.

        Raises JetStreamRefused with the server's reason, JetStreamUnavailable, BrokerUnavailable.
        """
        data = b"" if body is None else orjson.dumps(body)
        message = await self._ask(self.subject(name), data, None)
        return self._answer(message.data)

    async def publish(self, subject: str, data: bytes, headers: dict[str, str]) -> JsonObject:
        """
        Store a message, and return where: `stream`, `seq`, and `duplicate` if it had been there.

        Raises as `request`; JetStreamUnavailable if no stream takes the subject.
        """
        message = await self._ask(subject, data, headers)
        return self._answer(message.data)

    async def available(self) -> bool:
        """Whether there is JetStream. Raises BrokerUnavailable if the server does not say."""
        try:
            await self.request("INFO")
        except (JetStreamUnavailable, JetStreamRefused):
            return False
        return True

    async def stream(self, name: str) -> JsonObject | None:
        """What there is to know of a stream; None: there is none."""
        return await self._find(f"STREAM.INFO.{name}", STREAM_NOT_FOUND)

    async def consumer(self, stream: str, name: str) -> JsonObject | None:
        """What there is to know of a consumer; None: there is none."""
        return await self._find(f"CONSUMER.INFO.{stream}.{name}", CONSUMER_NOT_FOUND)

    async def put_consumer(self, stream: str, config: JsonObject) -> JsonObject:
        """Make a consumer, or make it like this."""
        name, subject = config["name"], config.get("filter_subject")
        path = f"CONSUMER.CREATE.{stream}.{name}" + (f".{subject}" if subject else "")
        return await self.request(path, {"stream_name": stream, "config": config})

    async def _find(self, name: str, missing: int) -> JsonObject | None:
        try:
            return await self.request(name)
        except JetStreamRefused as error:
            if error.code == missing:
                return None
            raise

    async def _ask(self, subject: str, data: bytes, headers: dict[str, str] | None) -> Any:
        try:
            return await self.client.request(subject, data, timeout=self._timeout, headers=headers)
        except NoRespondersError as error:
            raise JetStreamUnavailable from error
        except FAILURES as error:
            raise BrokerUnavailable(describe(error)) from error
        except asyncio.CancelledError:
            # The library cancels what waits for an answer when it closes.
            if self.client.is_closed and not was_cancelled():
                raise BrokerUnavailable("the connection was closed") from None
            raise
        finally:
            heed_cancellation()

    @staticmethod
    def _answer(data: bytes) -> JsonObject:
        try:
            answer: JsonObject = orjson.loads(data)
            error = answer.get("error")
        except (orjson.JSONDecodeError, AttributeError) as problem:
            raise BrokerUnavailable("the answer of the server is not JSON") from problem
        if error:
            if error.get("code") == 503:
                raise JetStreamUnavailable(str(error.get("description") or "JetStream is not available"))
            raise JetStreamRefused(error)
        return answer
