"""
The HTTP request, as a function finds it in `event["extensions"]["request"]`.

The original runtime handed out Bottle's request; the names here are Bottle's, for what functions commonly use of it.
Nothing is computed before it is asked for: most functions never look.
"""

from __future__ import annotations

from io import BytesIO

from .answer import TEXT, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from .http_parser import Head
    from .websocket import WebSocket


class Request:
    """One request; `method` and `path` are text, the body is bytes."""

    def __init__(self, head: Head, body: bytes, remote_addr: str) -> None:
        self.method = head.method
        self.version = "HTTP/1.%d" % head.minor
        self.remote_addr = remote_addr
        self.content = body
        """The whole body."""
        self.raw_path, _, self.query_string = head.target.partition("?")
        """The path as it was sent; and the query, without the question mark."""
        self._headers = head.headers
        self._body: BytesIO | None = None
        self.open_websocket: Callable[[Iterable[str]], WebSocket] | None = None
        """The server's; functions use `websocket()`."""
        self.client_left = False
        """Whether the client of an accepted WebSocket has gone."""

    @property
    def path(self) -> str:
        """The path with percent-encoding resolved."""
        if "%" not in self.raw_path:
            return self.raw_path
        from urllib.parse import unquote

        return unquote(self.raw_path)

    @property
    def headers(self) -> Headers:
        return Headers(self._headers)

    @property
    def query(self) -> Parameters:
        """The query's parameters."""
        return _parameters(self.query_string)

    @property
    def forms(self) -> Parameters:
        """The parameters of a body with `Content-Type: application/x-www-form-urlencoded`."""
        is_form = media_type(self.content_type) == "application/x-www-form-urlencoded"
        return _parameters(self.content.decode("utf-8", "replace") if is_form else "")

    @property
    def body(self) -> BytesIO:
        """The body as a file; the same one each time, so that it can be read in parts."""
        if self._body is None:
            self._body = BytesIO(self.content)
        return self._body

    @property
    def json(self) -> Any:
        """
        The parsed body if it is JSON, else None.

        Raises:
            ValueError: the body is announced as JSON and is none.
        """
        if media_type(self.content_type) != "application/json" or not self.content:
            return None
        import json

        return json.loads(self.content)

    @property
    def content_type(self) -> str:
        return self._headers.get("content-type", "")

    @property
    def content_length(self) -> int:
        return len(self.content)

    @property
    def url(self) -> str:
        host = self._headers.get("host", "localhost")
        return "http://" + host + self.raw_path + ("?" + self.query_string if self.query_string else "")

    def get_header(self, name: str, default: str | None = None) -> str | None:
        return self._headers.get(name.lower(), default)

    def stream(
        self,
        parts: Any,
        *,
        status: int = 200,
        content_type: str = TEXT,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> Stream:
        """To be returned by the function: `parts`, an iterator or asynchronous iterator, is sent part by part."""
        return Stream(parts, status=status, content_type=content_type, headers=headers)

    async def websocket(self, protocols: Iterable[str] = ()) -> WebSocket:
        """
        Accept the client's WebSocket, with the first of `protocols` that it offers; for functions that are `async`.

        Raises:
            NotAWebSocket: the request asks for none. Let it pass, and the client is told so.
            WebSocketClosed: the call's time is over.
        """
        if self.open_websocket is None:
            from .websocket import NotAWebSocket

            raise NotAWebSocket(426, "this function speaks WebSocket")
        return self.open_websocket(protocols)


class Headers:
    """A request's headers, whatever the case of the name; a missing one is a KeyError, or None with `get`."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def get(self, name: str, default: str | None = None) -> str | None:
        return self._values.get(name.lower(), default)

    def keys(self) -> list[str]:
        return list(self._values)

    def items(self) -> list[tuple[str, str]]:
        return list(self._values.items())

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Parameters(dict[str, str]):
    """Parameters by name; of a repeated one the last value counts, `getall` has all. Also readable as attributes."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]

    def __getattr__(self, name: str) -> str:
        """As in Bottle: a missing parameter reads as an empty string."""
        if name.startswith("__"):
            raise AttributeError(name)
        value: str = self.get(name, "")
        return value


def media_type(content_type: str) -> str:
    """`application/json` of `Application/JSON; charset=utf-8`."""
    return content_type.partition(";")[0].strip().lower()


def _parameters(text: str) -> Parameters:
    from urllib.parse import parse_qsl

    return Parameters(parse_qsl(text, keep_blank_values=True))
