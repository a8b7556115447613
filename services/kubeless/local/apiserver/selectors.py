"""
Label and field selectors of list and watch requests.

Both are compiled once into a predicate, since a watch asks it for every event. The label syntax is that of
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors: `a=b`, `a==b`, `a!=b`,
`a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`, `a<1`, joined by commas. Field selectors know `=`, `==` and `!=` only.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from kubeless.core.errors import InvalidInput, shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.names import label_value_problem, qualified_name_problem

LabelPredicate = Callable[[Mapping[str, str]], bool]
FieldPredicate = Callable[[JsonObject], bool]

_LONGEST_SELECTOR = 64 * 1024
_TOKEN = re.compile(r"\s*(?:(?P<op>==|!=|[=!<>(),])|(?P<word>[^\s=!<>(),]+))")
_FIELD_PATH = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*")
_UNESCAPE = re.compile(r"\\(.)", re.DOTALL)


class SelectorError(InvalidInput):
    """The selector cannot be parsed."""


def parse_label_selector(text: str) -> LabelPredicate:
    """
    The predicate of a `labelSelector` parameter; an empty one selects everything.

    Raises:
        SelectorError: the syntax is wrong, or a key or value could not be a label.
    """
    _check_length(text)
    tokens = _Tokens(text)
    tests: list[LabelPredicate] = []
    if tokens.peek() == "":
        return lambda _labels: True
    while True:
        tests.append(_requirement(tokens))
        separator = tokens.take()
        if separator == "":
            break
        if separator != ",":
            raise tokens.error(separator, "',' or end of the selector")
    return lambda labels: all(test(labels) for test in tests)


def parse_field_selector(text: str) -> FieldPredicate:
    """
    The predicate of a `fieldSelector` parameter. A field that an object lacks counts as empty, as in Kubernetes.

    Raises:
        SelectorError: a term has no operator, or its field is no dotted path.
    """
    _check_length(text)
    terms = [_field_term(term) for term in _split_terms(text) if term.strip()]
    return lambda obj: all((_field_text(obj, path) == value) is equal for path, equal, value in terms)


class _Tokens:
    """The words and operators of a label selector, read one ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._queue = list(_scan(text))
        self._next = 0

    def peek(self) -> str:
        """The next token without taking it, "" at the end."""
        return self._queue[self._next] if self._next < len(self._queue) else ""

    def take(self) -> str:
        token = self.peek()
        self._next += 1
        return token

    def error(self, found: str, expected: str) -> SelectorError:
        return SelectorError(
            f"unable to parse requirement: found {found!r}, expected: {expected} in selector {shorten(self._text)}"
        )


def _scan(text: str) -> Iterator[str]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:  # unreachable by construction: every character is an operator, a blank or part of a word
            raise SelectorError(f"unable to parse selector {shorten(text)} at character {position}")
        position = match.end()
        yield match["op"] or match["word"]


def _requirement(tokens: _Tokens) -> LabelPredicate:
    if tokens.peek() == "!":
        tokens.take()
        absent = _key(tokens)
        return lambda labels: absent not in labels
    key = _key(tokens)
    if tokens.peek() in {"", ","}:
        return lambda labels: key in labels
    operator = tokens.take()
    if operator in {"in", "notin"}:
        return _membership(key, operator, _value_set(tokens))
    return _comparison(tokens, key, operator)


def _comparison(tokens: _Tokens, key: str, operator: str) -> LabelPredicate:
    if operator in {"=", "=="}:
        return _membership(key, "in", frozenset({_value(tokens)}))
    if operator == "!=":
        return _membership(key, "notin", frozenset({_value(tokens)}))
    if operator in {"<", ">"}:
        return _order(key, operator, _value(tokens))
    raise tokens.error(operator, "in, notin, =, ==, !=, gt, lt")


def _membership(key: str, operator: str, values: frozenset[str]) -> LabelPredicate:
    if operator == "in":
        return lambda labels: labels.get(key) in values
    return lambda labels: labels.get(key) not in values  # an object without the label matches `!=` and `notin`


def _order(key: str, operator: str, bound: str) -> LabelPredicate:
    limit = _integer(bound)
    if limit is None:
        raise SelectorError(f"values[0][{key}]: Invalid value: {bound!r}: for 'Gt', 'Lt' operators, must be an integer")

    def test(labels: Mapping[str, str]) -> bool:
        value = _integer(labels.get(key, ""))
        return value is not None and (value > limit if operator == ">" else value < limit)

    return test


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None


def _key(tokens: _Tokens) -> str:
    key = tokens.take()
    if key in {"", "=", "==", "!=", "!", "<", ">", "(", ")", ","}:
        raise tokens.error(key, "'!', identifier")
    problem = qualified_name_problem(key)
    if problem:
        raise SelectorError(f"unable to parse requirement: key: Invalid value: {shorten(key)}: {problem}")
    return key


def _value(tokens: _Tokens) -> str:
    """One value; nothing before a comma or the end is the empty value, as in `a=`."""
    if tokens.peek() in {"", ","}:
        return ""
    return _checked_value(tokens)


def _value_set(tokens: _Tokens) -> frozenset[str]:
    opening = tokens.take()
    if opening != "(":
        raise tokens.error(opening, "'('")
    values: set[str] = set()
    while True:
        values.add("" if tokens.peek() in {",", ")"} else _checked_value(tokens))
        separator = tokens.take()
        if separator == ")":
            return frozenset(values)
        if separator != ",":
            raise tokens.error(separator, "',' or ')'")


def _checked_value(tokens: _Tokens) -> str:
    value = tokens.take()
    if value in {"", "=", "==", "!=", "!", "<", ">", "(", ")"}:
        raise tokens.error(value, "identifier")
    problem = label_value_problem(value)
    if problem:
        raise SelectorError(f"unable to parse requirement: values: Invalid value: {shorten(value)}: {problem}")
    return value


def _check_length(text: str) -> None:
    if len(text) > _LONGEST_SELECTOR:
        raise SelectorError(f"the selector has {len(text)} characters, more than {_LONGEST_SELECTOR}")


def _split_terms(text: str) -> Iterator[str]:
    """Terms between commas; a backslash escapes the next character."""
    start = position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == ",":
            yield text[start:position]
            start = position + 1
        position += 1
    yield text[start:]


def _field_term(term: str) -> tuple[tuple[str, ...], bool, str]:
    match = re.match(r"\s*([^=!]*?)\s*(==|!=|=)(.*)", term, re.DOTALL)
    if match is None:
        raise SelectorError(f"invalid selector: {shorten(term)}; can't understand {shorten(term)}")
    path, operator, value = match.groups()
    if not _FIELD_PATH.fullmatch(path):
        raise SelectorError(f"invalid field selector: {shorten(path)} is no dotted path of a field")
    if re.search(r"(?<!\\)(?:\\\\)*=", value):
        raise SelectorError(f"invalid field selector: unescaped '=' in the value {shorten(value)}")
    return tuple(path.split(".")), operator != "!=", _UNESCAPE.sub(r"\1", value)


def _field_text(obj: JsonObject, path: tuple[str, ...]) -> str:
    """The field as the text a selector compares with; what is missing or has an inner structure is empty."""
    value: object = obj
    for name in path:
        if not isinstance(value, dict):
            return ""
        value = value.get(name)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""
