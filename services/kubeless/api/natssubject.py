"""
NATS subjects: what is a valid one, and which of them a pattern means. Also what JetStream takes as a name.

A subject is a list of tokens separated by dots. In a pattern `*` stands for one token and a final `>` for one or more
(https://docs.nats.io/nats-concepts/subjects).
"""

import re

MAX_SUBJECT = 512
"""Characters. The server's own bound is that of a protocol line, 4 kB; a trigger's names have to fit in with it."""

MAX_TOKENS = (MAX_SUBJECT + 1) // 2
"""Tokens of the longest subject, each of one character."""

MAX_NAME = 255
"""Characters of the name of a stream or consumer."""

_NAME = re.compile(r"[^\s.*>/\\\x00-\x1f\x7f]*")


def name_problem(name: str) -> str:
    """What is wrong with the name of a stream or consumer (ADR-6), as `subject_problem` tells; an empty one will do."""
    if len(name) <= MAX_NAME and _NAME.fullmatch(name):
        return ""
    return f"is no name in JetStream; use up to {MAX_NAME} characters without white space, dots, '*', '>' and slashes"


def subject_problem(subject: str, *, wildcards: bool) -> str:
    """What is wrong with a subject, as `<problem>; <remedy>`; empty if nothing is."""
    if not subject:
        return "is empty; name a subject such as orders.new"
    if len(subject) > MAX_SUBJECT:
        return f"has more than {MAX_SUBJECT} characters; shorten it"
    if any(letter.isspace() or not letter.isprintable() for letter in subject):
        return "has white space or control characters; separate the words with dots"
    tokens = subject.split(".")
    if "" in tokens:
        return "has an empty token; remove the dot at its start or end, or the second of two dots"
    return _wildcard_problem(tokens, wildcards=wildcards)


def token_problem(topic: str, token: int) -> str:
    """What is wrong with ordering the messages of `topic` by their `token`-th token, counted from 1; as above."""
    count = len(topic.split("."))
    if token <= count or topic.split(".")[-1] == ">":
        return ""
    return f"is beyond the tokens of {topic}; use 1{f' to {count}' if count > 1 else ''}, or another topic"


def overlap(first: str, second: str) -> bool:
    """Whether there is a subject that both patterns mean."""
    ours, theirs = first.split("."), second.split(".")
    for left, right in zip(ours, theirs, strict=False):
        if left == ">" or right == ">":
            return True
        if left != right and "*" not in (left, right):
            return False
    return len(ours) == len(theirs)


def covers(pattern: str, subject: str) -> bool:
    """Whether `pattern` means every subject that `subject`, itself perhaps a pattern, means."""
    wide, narrow = pattern.split("."), subject.split(".")
    for left, right in zip(wide, narrow, strict=False):
        if left == ">":
            return True
        if right == ">" or (left != right and left != "*"):
            return False
    return len(wide) == len(narrow)


def _wildcard_problem(tokens: list[str], *, wildcards: bool) -> str:
    for position, token in enumerate(tokens):
        if not ("*" in token or ">" in token):
            continue
        if not wildcards:
            return "has a wildcard; name one subject"
        if token not in ("*", ">"):
            return "has a wildcard within a token; let * or > be a whole token, as in orders.*"
        if token == ">" and position != len(tokens) - 1:  # noqa: S105 - a part of a subject
            return "has > before its end; use * for a single token"
    return ""
