# coding: utf-8
class HTTPResponse:
    def __init__(self, body, status_code, headers):
        self.body, self.status_code, self.headers = body, status_code, headers


def run(event, context):
    return ANSWERS[event["data"].decode("ascii")]


def teapot():
    return HTTPResponse("a teapot", 418, {"X-Kind": "short and stout"})


ANSWERS = {
    "string": "text",
    "object": {"a": 1, "b": [True, None], "c": {"d": "e"}},
    "number": 42,
    "null": None,
    "list": ["a", "b"],
    "empty": "",
    "unicode": "grüße, 世界 🎉",
    "binary": bytes(bytearray(range(256))),
    "big": "x" * (2 << 20),
    "status": teapot(),
    "unencodable": {"function": teapot},
}
