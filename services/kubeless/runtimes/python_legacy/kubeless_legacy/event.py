"""What a function is called with: the event and the context."""

_FIELDS = ("event-id", "event-type", "event-time", "event-namespace")


class InvalidJson(Exception):
    """The body is announced as JSON and is none."""


def make_event(request):
    """
    The event of a request: `data`, the event headers (None where missing) and `extensions`.

    `extensions` holds the request itself, and the attributes of a CloudEvent in binary mode under their header names.
    Raises InvalidJson.
    """
    event = {field: request.get_header(field) for field in _FIELDS}
    event["data"] = _data(request)
    event["extensions"] = {"request": request}
    event["extensions"].update((name, value) for name, value in request.headers.items() if name.startswith("ce-"))
    return event


def make_context(settings, name):
    """The context of the function called `name`."""
    return {
        "function-name": name,
        "timeout": settings.timeout,
        "runtime": settings.runtime,
        "memory-limit": settings.memory_limit,
    }


def _data(request):
    if request.media_type != "application/json":
        return request.content
    try:
        return request.json
    except ValueError as error:
        raise InvalidJson("the request's body is announced as application/json but is none: %s" % error)
