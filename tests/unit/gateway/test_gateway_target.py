"""Targets and hosts mean one thing or are refused."""

import pytest

from kubeless.gateway.target import BadTarget, normalise_host, parse_target


@pytest.mark.parametrize(
    ("raw", "depth", "rest"),
    [
        (b"/a/b", 0, b"/a/b"),
        (b"/a/b?x=1&y=/z", 1, b"/b?x=1&y=/z"),
        (b"/a", 1, b"/"),
        (b"/a/", 1, b"/"),
        (b"/a?x", 1, b"/?x"),
        (b"/a//b", 1, b"//b"),
        (b"/%61/b%2Fc", 1, b"/b%2Fc"),
        (b"http://echo.example.com", 0, b"/"),
        (b"http://echo.example.com/a/b?x", 1, b"/b?x"),
    ],
)
def test_a_function_sees_what_follows_the_prefix(raw: bytes, depth: int, rest: bytes) -> None:
    assert parse_target(raw).rest(depth) == rest


def test_paths_are_compared_without_regard_to_needless_escapes() -> None:
    assert parse_target(b"/%61%2f%7e/b").path == "/a%2F~/b"


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"*", b"a", b"/a b", b"/\x00", b"/\xc3\xa9", b"/a#b", b"/..", b"/a/../b", b"/a/%2e%2E/b", b"/./a"),
        *(b"/%00", b"/%", b"/%2", b"/%zz", b"ftp://x/", b"http:///a", b"http://u@x/", b"http://x?y", b"//x\r\n"),
    ],
)
def test_targets_with_two_readings_are_refused(raw: bytes) -> None:
    with pytest.raises(BadTarget):
        parse_target(raw)


def test_dots_within_names_are_harmless() -> None:
    assert parse_target(b"/a..b/.well-known/x.y").path == "/a..b/.well-known/x.y"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Echo.Example.COM:8080", "echo.example.com"),
        ("a.", "a"),
        ("[::1]:80", "[::1]"),
        ("", ""),
        ("127.0.0.1:", "127.0.0.1"),
    ],
)
def test_hosts_are_compared_by_name(host: str, name: str) -> None:
    assert normalise_host(host) == name


@pytest.mark.parametrize("host", ["a b", "a/b", "a,b", "a@b", "a:b", "[::1", "a:999999", "a\0"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(BadTarget):
        normalise_host(host)
