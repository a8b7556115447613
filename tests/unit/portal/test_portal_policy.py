"""Who is let in, and what a browser may do."""

import pytest

from kubeless.core.settings import SettingError
from kubeless.portal.doorman import check_sign_in
from kubeless.portal.settings import Settings
from kubeless.portal.web.policy import (
    content_security_policy,
    forwarded_user,
    is_loopback_host,
    is_own_origin,
    is_trusted,
    safe_target,
    with_nonce,
)


@pytest.mark.parametrize(
    ("origin", "allowed", "own"),
    [
        ("http://portal.example", (), True),
        ("https://portal.example", (), True),
        ("http://evil.example", (), False),
        ("null", (), False),
        (None, (), False),
        ("https://one.example", ("https://one.example/",), True),
        ("http://portal.example", ("https://one.example",), False),
    ],
)
def test_only_our_own_pages_may_change_something(origin: str | None, allowed: tuple[str, ...], own: bool) -> None:
    assert is_own_origin(origin, scheme="http", host="portal.example", allowed=allowed) is own


@pytest.mark.parametrize("host", ["127.0.0.1:8081", "localhost", "LOCALHOST:1", "[::1]:8081"])
def test_this_machine_has_these_names(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize("host", ["", "127.0.0.1.evil.example", "evil.example:8081", "0.0.0.0", "[::2]"])
def test_and_no_others(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/sign-out", "/a\nb", ""]
)
def test_after_the_sign_in_nobody_is_sent_elsewhere(target: str) -> None:
    assert safe_target(target) == "/"


def test_a_user_is_believed_from_the_proxy_only() -> None:
    assert is_trusted("10.1.2.3", ("10.0.0.0/8",))
    assert not is_trusted("11.1.2.3", ("10.0.0.0/8",))
    assert not is_trusted("", ("10.0.0.0/8",))
    headers = {"x-user": "ann", "x-groups": "dev, ops,"}
    assert forwarded_user(headers, user="X-User", groups="X-Groups") == ("ann", ("dev", "ops"))
    assert forwarded_user({"x-user": " "}, user="X-User", groups="X-Groups") is None


def test_scripts_need_the_nonce_of_the_page() -> None:
    assert with_nonce(b'<script src="a"></script><scripty>', "n") == b'<script nonce="n" src="a"></script><scripty>'
    policy = content_security_policy("n")
    assert "script-src 'self' 'nonce-n' 'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "settings",
    [Settings(sign_in="magic"), Settings(sign_in="none", host="0.0.0.0"), Settings(sign_in="proxy")],
)
def test_settings_that_would_let_everybody_in_are_refused(settings: Settings) -> None:
    with pytest.raises(SettingError):
        check_sign_in(settings)
