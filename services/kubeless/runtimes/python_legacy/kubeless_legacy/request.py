"""
The HTTP request, as a function finds it in `event["extensions"]["request"]`.

The original runtime handed out Bottle's request; the names here are Bottle's, for what functions commonly use of it.
Nothing is computed before it is asked for.
"""

import json
from io import BytesIO

from .texts import IS_PYTHON2, native

try:
    from urllib.parse import parse_qsl, unquote
except ImportError:  # Python 2
    from urllib import unquote  # type: ignore[attr-defined,no-redef]

    from urlparse import parse_qsl  # type: ignore[import-not-found,no-redef]


class Request(object):
    """One request; the body is bytes."""

    def __init__(self, method, target, version, headers, body, remote_addr):
        self.method = method
        self.version = version
        self.remote_addr = remote_addr
        self.headers = Headers(headers)
        self.content = body
        self.raw_path, _, self.query_string = target.partition("?")
        self._body = None

    @property
    def path(self):
        """The path with percent-encoding resolved."""
        return unquote(self.raw_path)

    @property
    def query(self):
        """The query's parameters. Of a repeated one the last value counts."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def forms(self):
        """The parameters of a body with `Content-Type: application/x-www-form-urlencoded`."""
        is_form = self.media_type == "application/x-www-form-urlencoded"
        return dict(parse_qsl(native(self.content) if is_form else "", keep_blank_values=True))

    @property
    def body(self):
        """The body as a file; the same one each time, so that it can be read in parts."""
        if self._body is None:
            self._body = BytesIO(self.content)
        return self._body

    @property
    def json(self):
        """The parsed body if it is JSON, else None. Raises ValueError."""
        if self.media_type != "application/json" or not self.content:
            return None
        return json.loads(self.content if IS_PYTHON2 else self.content.decode("utf-8"))

    @property
    def content_type(self):
        return self.headers.get("content-type", "")

    @property
    def content_length(self):
        return len(self.content)

    @property
    def media_type(self):
        """`application/json` of `Application/JSON; charset=utf-8`."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def url(self):
        query = "?" + self.query_string if self.query_string else ""
        return "http://%s%s%s" % (self.headers.get("host", "localhost"), self.raw_path, query)

    def get_header(self, name, default=None):
        return self.headers.get(name, default)


class Headers(object):
    """A request's headers, whatever the case of the name; a missing one is a KeyError, or None with `get`."""

    def __init__(self, values):
        self._values = values

    def get(self, name, default=None):
        return self._values.get(name.lower(), default)

    def keys(self):
        return list(self._values)

    def items(self):
        return list(self._values.items())

    def __getitem__(self, name):
        return self._values[name.lower()]

    def __contains__(self, name):
        return name.lower() in self._values

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)
