"""What a function is called with: the event and the context."""

from __future__ import annotations

from .request import media_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .request import Request

_FIELDS = ("event-id", "event-type", "event-time", "event-namespace")


class InvalidJson(Exception):
    """The body is announced as JSON and is none."""


def make_event(request: Request, *, text_data: bool = False) -> dict[str, Any]:
    """
    The event of a request: `data`, the event headers (None where missing) and `extensions`.

    `extensions` holds the request itself, and the attributes of a CloudEvent in binary mode under their header names
    (`ce-id`, `ce-source`, ...). With `text_data`, a body that is UTF-8 text is a `str`, and only another one `bytes`.

    Raises:
        InvalidJson: the body is announced as JSON and is none.
    """
    get = request.get_header
    event: dict[str, Any] = {field: get(field) for field in _FIELDS}
    event["data"] = _text(_data(request)) if text_data else _data(request)
    event["extensions"] = {"request": request}
    event["extensions"].update((name, value) for name, value in request.headers.items() if name.startswith("ce-"))
    return event


def _data(request: Request) -> Any:
    if media_type(request.content_type) != "application/json":
        return request.content
    try:
        return request.json
    except (ValueError, RecursionError) as error:
        raise InvalidJson("the request's body is announced as application/json but is none: %s" % error) from error


def _text(data: Any) -> Any:
    if not isinstance(data, bytes):
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
