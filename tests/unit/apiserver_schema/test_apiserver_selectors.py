"""Label and field selectors as list and watch requests carry them."""

import pytest

from kubeless.local.apiserver.selectors import SelectorError, parse_field_selector, parse_label_selector

LABELS = {"app": "web", "tier": "", "example.com/zone": "a-1", "size": "10"}


@pytest.mark.parametrize(
    "selector",
    [
        "",
        " ",
        "app=web",
        "app==web",
        " app = web ",
        "app!=db",
        "missing!=x",
        "app in (db, web)",
        "app in(web)",
        "app notin (db)",
        "missing notin (a,b)",
        "app",
        "!missing",
        "app,!missing,example.com/zone=a-1",
        "tier=",
        "tier=,app",
        "tier in ()",
        "size>9",
        "size<11",
    ],
)
def test_matching_selectors(selector: str) -> None:
    assert parse_label_selector(selector)(LABELS)


@pytest.mark.parametrize(
    "selector",
    [
        "app=db",
        "app!=web",
        "app=web,missing",
        "!app",
        "app in (db)",
        "app notin (web)",
        "missing=x",
        "missing=",
        "size>10",
        "app>1",
    ],
)
def test_selectors_that_do_not_match(selector: str) -> None:
    assert not parse_label_selector(selector)(LABELS)


@pytest.mark.parametrize(
    "selector",
    [
        "=a",
        "a=b,",
        ",a=b",
        "a in b",
        "a in (b",
        "a in (b c)",
        "a b",
        "a = = b",
        "!!a",
        "a=b=c",
        "-a=b",
        "a=b_",
        "a/b/c=d",
        "Prefix/a=b",
        "a=" + "x" * 64,
        "x" * 64,
        "a>b",
        "a(b)",
        "é=1",
    ],
)
def test_wrong_selectors_are_refused(selector: str) -> None:
    with pytest.raises(SelectorError):
        parse_label_selector(selector)


def test_an_endless_selector_is_refused() -> None:
    with pytest.raises(SelectorError, match="characters"):
        parse_label_selector("a," * 100_000)


POD = {
    "metadata": {"name": "p", "namespace": "n"},
    "spec": {"nodeName": "local", "hostNetwork": False},
    "status": {"phase": "Running"},
    "involvedObject": {"uid": "1,2"},
}


@pytest.mark.parametrize(
    "selector",
    [
        "",
        "metadata.name=p",
        "metadata.name==p,metadata.namespace=n",
        "status.phase!=Failed",
        "spec.nodeName=local",
        "spec.hostNetwork=false",
        "spec.missing=",
        "metadata.name.deeper=",
        r"involvedObject.uid=1\,2",
        "type!=Warning",
    ],
)
def test_matching_field_selectors(selector: str) -> None:
    assert parse_field_selector(selector)(POD)


@pytest.mark.parametrize("selector", ["metadata.name=q", "status.phase!=Running", "spec.nodeName=", "reason=x"])
def test_field_selectors_that_do_not_match(selector: str) -> None:
    assert not parse_field_selector(selector)(POD)


@pytest.mark.parametrize("selector", ["metadata.name", "=x", "a..b=c", "a b=c", "a=b=c", "metadata.name in (a)"])
def test_wrong_field_selectors_are_refused(selector: str) -> None:
    with pytest.raises(SelectorError):
        parse_field_selector(selector)
