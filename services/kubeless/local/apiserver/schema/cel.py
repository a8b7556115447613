"""
CEL rules of schemas (`x-kubernetes-validations`), and matching of patterns in linear time.

The `cel` package (Rust) is imported when the first rule or pattern is met. It evaluates without a budget of its own, so
a rule is refused before it runs when the macros it nests, applied to the value at hand, could take too many steps.
Patterns go through it as well: its regular expressions have the syntax of Go's, and no pattern or input makes them
slow.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

import re
from datetime import datetime
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject

if TYPE_CHECKING:
    from cel import Context, Program

_MOST_STEPS = 1_000_000
"""About 0.1 s of evaluation."""
_LONGEST_RULE = 8192
_MOST_MATCHED = 256 * 1024

_TOKEN = re.compile(
    r"""(?:[rRbB]{0,2})(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\.(?:all|exists|exists_one|existsOne|map|filter)\s*\(|[()]"""
)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_RESERVED = {
    *(
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
    ),
    *("loop", "package", "namespace", "return", "var", "void", "while"),
}


_NATIVE = frozenset(
    {
        *(
            "size",
            "has",
            "all",
            "exists",
            "exists_one",
            "map",
            "filter",
            "matches",
            "contains",
            "startsWith",
            "endsWith",
        ),
        *(
            "int",
            "uint",
            "double",
            "string",
            "bytes",
            "timestamp",
            "duration",
            "type",
            "dyn",
            "getFullYear",
            "getMonth",
        ),
        *("getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds"),
        "getMilliseconds",
    }
)
"""Functions the evaluator has by itself; it does not list them."""


class RuleError(InvalidInput):
    """The CEL rule cannot be evaluated."""


def evaluate(rule: str, *, self_value: Any, old_value: Any = None) -> Any:
    """
    What a rule says of a value; `old_value` becomes `oldSelf`. Values must have been prepared with `typed`.

    Raises:
        RuleError: the rule does not compile, fails, or could take too long for a value of this size.
    """
    _check_cost(rule, self_value, old_value)
    context = _context()
    context.add_variable("self", self_value)
    context.add_variable("oldSelf", old_value)
    try:
        return _program(rule).execute(context)
    except (ValueError, TypeError, KeyError, RuntimeError, ArithmeticError) as error:
        text = f"no such key: {error.args[0]}" if isinstance(error, KeyError) and error.args else str(error)
        raise RuleError(text.split("\n")[0]) from error


def rule_problem(rule: str) -> str:
    """Why a rule cannot be used, "" if it can: syntax errors, functions and variables that do not exist."""
    try:
        program = _program(rule)
    except RuleError as error:
        return str(error)
    unknown = sorted(set(program.functions()) - _known_functions() - _operators(program))
    if unknown:
        return f"undeclared reference to '{unknown[0]}'"
    return ""


def is_transition(rule: str) -> bool:
    """Whether a rule looks at the old value, and therefore applies to updates alone."""
    return re.search(r"\boldSelf\b", _without_strings(rule)) is not None


def matches(pattern: str, text: str) -> bool:
    """
    Whether the pattern is found in the text.

    Raises:
        RuleError: the pattern is no regular expression of this syntax, or the text is too long to search.
    """
    if len(text) > _MOST_MATCHED:
        raise RuleError(f"a text of {len(text)} characters is too long to be matched with a pattern")
    try:
        return bool(_program("self.matches(pattern)").execute({"self": text, "pattern": pattern}))
    except RuntimeError as error:
        raise RuleError(f"{pattern!r} is no regular expression: {str(error).splitlines()[-1]}") from error


def typed(value: Any, schema: JsonObject) -> Any:
    """
    The value as its rules see it: numbers and times in the types of the schema, property names escaped.

    Fields that the schema does not list are invisible, as in Kubernetes.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return _typed_object(value, schema)
    if isinstance(value, list):
        items = schema.get("items", {})
        return [typed(item, items) for item in value]
    if schema.get("type") == "number" and not isinstance(value, bool) and isinstance(value, int):
        return float(value)
    if schema.get("type") == "integer" and isinstance(value, float):
        return int(value)
    if isinstance(value, str) and schema.get("format") == "date-time":
        return _time(value)
    return value


def _typed_object(value: JsonObject, schema: JsonObject) -> JsonObject:
    properties = schema.get("properties")
    if properties is not None:
        return {_escaped(name): typed(value[name], properties[name]) for name in properties if name in value}
    extra = schema.get("additionalProperties")
    return {name: typed(item, extra if isinstance(extra, dict) else {}) for name, item in value.items()}


def _time(value: str) -> Any:
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # not a time after all: the format check has already said so
        return value


def _escaped(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    if _IDENTIFIER.fullmatch(name) and "__" not in name:
        return name
    return re.sub(r"__|[./-]", lambda match: _ESCAPES[match[0]], name)


def _check_cost(rule: str, *values: Any) -> None:
    depth = _nesting(rule)
    if not depth:
        return
    steps = max(_widest(value) for value in values) ** depth
    if steps > _MOST_STEPS:
        raise RuleError(
            f"the rule could take {steps} steps for a value of this size, the most allowed is {_MOST_STEPS}"
        )


@lru_cache(maxsize=1024)
def _nesting(rule: str) -> int:
    """How deep macros that visit every item are nested."""
    depth = deepest = 0
    parentheses: list[bool] = []
    for token in _TOKEN.findall(rule):
        if token == ")":  # noqa: S105  # a bracket, no secret
            depth -= parentheses.pop() if parentheses else False
        elif token.endswith("("):
            is_macro = token != "("  # noqa: S105  # a bracket, no secret
            parentheses.append(is_macro)
            depth += is_macro
            deepest = max(deepest, depth)
    return deepest


def _widest(value: Any) -> int:
    """The size of the largest list or object in a value."""
    if isinstance(value, dict):
        return max([len(value), *map(_widest, value.values())])
    if isinstance(value, list):
        return max([len(value), *map(_widest, value)])
    return 1


def _without_strings(rule: str) -> str:
    return _TOKEN.sub(lambda match: match[0] if match[0][-1] == "(" or match[0] == ")" else '""', rule)


@lru_cache(maxsize=1024)
def _program(rule: str) -> "Program":
    import cel

    if len(rule) > _LONGEST_RULE:
        raise RuleError(f"the rule has {len(rule)} characters, more than {_LONGEST_RULE}")
    try:
        return cel.compile(rule)
    except ValueError as error:
        raise RuleError(f"compilation failed: {error}") from error


def _context() -> "Context":
    """A context with the extension functions of Kubernetes that the package offers, and those it lacks."""
    import cel
    from cel.stdlib import add_stdlib_to_context

    context = cel.Context()
    add_stdlib_to_context(context)
    for name, function in _EXTENSIONS.items():
        context.add_function(name, function)
    return context


@cache
def _known_functions() -> frozenset[str]:
    return _NATIVE | frozenset(_context().functions)


def _operators(program: "Program") -> set[str]:
    """Operators are functions to the compiler: `_+_`, `!_`, `@in`."""
    return {name for name in program.functions() if not _IDENTIFIER.match(name) or name.startswith("_")}


def _is_sorted(items: list[Any]) -> bool:
    return all(left <= right for left, right in pairwise(items))


_EXTENSIONS = {"isSorted": _is_sorted}
