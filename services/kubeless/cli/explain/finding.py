"""What was found on the way of an event, and what mends it."""

from collections.abc import Sequence
from dataclasses import dataclass

from kubeless.core.jsontypes import JsonObject


@dataclass(frozen=True, slots=True)
class Finding:
    """One link of the chain from the broker to the function."""

    link: str
    """Such as `function bill`, `endpoints bill` or `broker`."""
    state: str
    """`ok`, `wrong` or `waiting`."""
    text: str
    cause: str = ""
    """One word for programs, such as `UnknownRuntime`; empty if nothing is wrong."""
    remedy: str = ""
    """The command that mends it, or what to do where no command does."""


def fine(link: str, text: str) -> Finding:
    """A link that is as it should be."""
    return Finding(link, "ok", text)


def wrong(link: str, cause: str, text: str, *, remedy: str) -> Finding:
    """A link that does not work."""
    return Finding(link, "wrong", text, cause, remedy)


def waiting(link: str, cause: str, text: str, *, remedy: str) -> Finding:
    """A link that may work soon without anybody doing anything; the remedy is for when it does not."""
    return Finding(link, "waiting", text, cause, remedy)


def as_object(subject: str, findings: Sequence[Finding]) -> JsonObject:
    """The explanation for programs."""
    links = [
        {name: getattr(each, name) for name in ("link", "state", "text", "cause", "remedy") if getattr(each, name)}
        for each in findings
    ]
    return {"subject": subject, "works": all(each.state == "ok" for each in findings), "links": links}


def as_text(subject: str, findings: Sequence[Finding]) -> str:
    """The explanation for people: the causes first, as most want no more; then the way that was looked at."""
    troubles = [each for each in findings if each.state != "ok"]
    if not troubles:
        lines = [f"{subject} works."]
    elif any(each.state == "wrong" for each in troubles):
        lines = [f"{subject} does not work."]
    else:
        lines = [f"{subject} is not ready yet."]
    for each in troubles:
        lines += [f"  {each.cause}: {each.link}: {each.text}", *(f"    -> {line}" for line in each.remedy.split("\n"))]
    lines += ["", *(f"  [{each.state}] {each.link}: {each.text}" for each in findings if each.state == "ok")]
    return "\n".join(lines).rstrip() + "\n"
