"""What the command line asks to explain: `function/bill`, `kafka/orders`, `httptrigger/route`."""

from typing import NamedTuple

from kubeless.cli.failure import Fatal
from kubeless.cli.trigger.kind import CRONJOB, HTTP, KAFKA, NATS

TRIGGERS = {"http": HTTP, "kafka": KAFKA, "nats": NATS, "cronjob": CRONJOB}
"""By the name that the command line gives a kind."""


class Subject(NamedTuple):
    """An object to explain."""

    kind: str
    """`function`, or a key of `TRIGGERS`."""
    name: str

    @property
    def text(self) -> str:
        """As people read it."""
        return f"{self.kind} {self.name}" if self.kind == "function" else f"{self.kind} trigger {self.name}"


def read_subject(words: tuple[str, ...]) -> Subject:
    """
    `<kind>/<name>`, or both as two words. A kind may be written as kubectl writes it.

    Raises:
        Fatal: it is neither.
    """
    kind, _, name = words[0].partition("/") if len(words) == 1 else (words[0], "/", "/".join(words[1:]))
    known = _kind(kind.lower())
    if known is None or not name or "/" in name:
        kinds = ", ".join(("function", *TRIGGERS))
        given = " ".join(words)
        raise Fatal(f"{given[:80]!r} is not <kind>/<name>; write such as function/hello (kinds: {kinds})")
    return Subject(known, name)


def _kind(word: str) -> str | None:
    word = word.partition(".")[0]  # functions.kubeless.io, as `-o name` prints it
    singular = word.removesuffix("s") if word != "nats" else word
    short = singular.removesuffix("trigger").removesuffix("-")
    if singular in ("function", "fn"):
        return "function"
    return short if short in TRIGGERS else None
