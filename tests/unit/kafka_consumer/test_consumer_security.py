"""What the variables and the Secret come to, and what is told when they come to nothing."""

from pathlib import Path
from typing import Any

import pytest

from kubeless.core.settings import SettingError, load
from kubeless.delivery.sources.security import InsufficientSecret
from kubeless.kafka_consumer.security import Security, check, read
from kubeless.kafka_consumer.settings import Settings


def settings(**environment: str) -> Settings:
    return load(Settings, environment)


def no_file(path: Path) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", str(path))


@pytest.mark.parametrize("given", [{}, {"KAFKA_USERNAME": "me"}, {"KAFKA_PASSWORD": "secret"}])
def test_a_login_needs_both_name_and_password(given: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="username and password is mandatory") as caught:
        check(settings(KAFKA_ENABLE_SASL="true", **given), secret=False)
    assert "secret" not in str(caught.value)


def test_certificate_and_key_go_together() -> None:
    with pytest.raises(SettingError, match="KAFKA_KEY: is required"):
        check(settings(KAFKA_ENABLE_TLS="1", KAFKA_CERT="/cert"), secret=False)


def test_an_unknown_mechanism_is_refused() -> None:
    with pytest.raises(SettingError, match="SCRAM-SHA-512"):
        check(settings(KAFKA_SASL_MECHANISM="GSSAPI"), secret=False)


@pytest.mark.parametrize(
    ("given", "protocol"),
    [
        ({}, "PLAINTEXT"),
        ({"tls": True}, "SSL"),
        ({"mechanism": "PLAIN"}, "SASL_PLAINTEXT"),
        ({"tls": True, "mechanism": "PLAIN"}, "SASL_SSL"),
    ],
)
def test_the_protocol_is_named_as_kafka_does(given: dict[str, Any], protocol: str) -> None:
    assert Security(("a:1",), **given).protocol == protocol


def test_the_secret_goes_before_the_variables() -> None:
    given = settings(KAFKA_ENABLE_SASL="true", KAFKA_USERNAME="old", KAFKA_PASSWORD="old", KAFKA_SECRET="kafka")
    found = read(given, {"username": b"new", "password": b"pass\n"}, read_file=no_file)
    assert (found.username, found.password) == ("new", "pass")


def test_a_secret_without_a_password_is_said_to_lack_it() -> None:
    given = settings(KAFKA_ENABLE_SASL="true", KAFKA_SECRET="kafka")
    with pytest.raises(InsufficientSecret, match="Secret kafka"):
        read(given, {"username": b"me"}, read_file=no_file)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingError, match="KAFKA_CACERTS: cannot be read"):
        read(settings(KAFKA_ENABLE_TLS="true", KAFKA_CACERTS="/gone"), {}, read_file=no_file)


def test_nonsense_for_a_certificate_is_told_in_words() -> None:
    with pytest.raises(InsufficientSecret, match="PEM"):
        Security(("a:1",), tls=True, authorities=b"nonsense").client_options()


def test_nothing_secret_is_shown() -> None:
    shown = repr(Security(("a:1",), key=b"private", certificate=b"c", password="hidden"))
    assert "private" not in shown
    assert "hidden" not in shown
