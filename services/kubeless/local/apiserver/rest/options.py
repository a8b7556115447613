"""
The query parameters of a request, as values.

Booleans follow the API server: absent, `false`, `f` and `0` in any case mean no, everything else means yes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import FieldProblem, forbidden, not_supported
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.selectors import (
    FieldPredicate,
    LabelPredicate,
    SelectorError,
    parse_field_selector,
    parse_label_selector,
)
from kubeless.local.apiserver.status import bad_request, invalid_options, unprocessable

_LARGEST_LIMIT = 1_000_000
_LONGEST_MANAGER = 128
_MATCHES = ("Exact", "NotOlderThan")
_VALIDATIONS = {"Ignore", "Warn", "Strict"}
_COMMON_FIELDS = {"metadata.name", "metadata.namespace"}


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """Of create, update, patch and apply."""

    manager: str
    """Who is named in managedFields."""
    explicit_manager: bool
    dry_run: bool = False
    validation: str = "Warn"
    """What to do about unknown fields: Ignore, Warn or Strict."""
    force: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Label and field selector together."""

    labels: LabelPredicate
    fields: FieldPredicate
    everything: bool

    def matches(self, obj: JsonObject) -> bool:
        return self.everything or (self.labels(obj["metadata"].get("labels") or {}) and self.fields(obj))


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Of list and watch."""

    selection: Selection
    limit: int
    token: str
    """`continue`, still encoded."""
    resource_version: int | None
    """None if not given; 0 means "whatever you have"."""
    match: str
    """resourceVersionMatch."""
    watch: bool
    bookmarks: bool
    timeout: float | None
    """Seconds after which a watch ends; None leaves it to the server."""
    initial_events: bool | None
    """sendInitialEvents; None if not given."""
    include: str
    """What a Table carries besides cells: None, Metadata or Object."""


def parse_write_options(query: Mapping[str, str], user_agent: str) -> WriteOptions:
    manager = query.get("fieldManager", "")
    if len(manager) > _LONGEST_MANAGER or not manager.isprintable():
        raise unprocessable(f"fieldManager: Invalid value: {shorten(manager)}: at most 128 printable characters")
    validation = query.get("fieldValidation") or "Warn"
    if validation not in _VALIDATIONS:
        raise invalid_options("CreateOptions", [not_supported("fieldValidation", validation, sorted(_VALIDATIONS))])
    return WriteOptions(
        manager=manager or _manager_of(user_agent),
        explicit_manager=bool(manager),
        dry_run=parse_dry_run(query.get("dryRun", "")),
        validation=validation,
        force=parse_bool(query, "force"),
    )


def parse_list_options(query: Mapping[str, str], resource: ResourceType, name: str = "") -> ListOptions:
    """`name` restricts the selection to one object, as a watch of a single object does."""
    version = query.get("resourceVersion", "")
    initial = query.get("sendInitialEvents")
    timeout = parse_int(query, "timeoutSeconds")
    options = ListOptions(
        selection=parse_selection(query, resource, name),
        limit=min(parse_int(query, "limit") or 0, _LARGEST_LIMIT),
        token=query.get("continue", ""),
        resource_version=_parse_revision(version) if version else None,
        match=query.get("resourceVersionMatch", ""),
        watch=parse_bool(query, "watch"),
        bookmarks=parse_bool(query, "allowWatchBookmarks"),
        timeout=float(timeout) if timeout else None,
        initial_events=None if initial is None else parse_bool(query, "sendInitialEvents"),
        include=query.get("includeObject") or "Metadata",
    )
    _check_list_options(options)
    return options


def parse_selection(query: Mapping[str, str], resource: ResourceType, name: str = "") -> Selection:
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    if name:
        fields = f"{fields},metadata.name={name}" if fields else f"metadata.name={name}"
    _check_fields(fields, resource)
    try:
        return Selection(parse_label_selector(labels), parse_field_selector(fields), everything=not (labels or fields))
    except SelectorError as error:
        raise bad_request(str(error)) from error


def parse_bool(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "false").lower() not in {"false", "f", "0"}


def parse_int(query: Mapping[str, str], name: str) -> int | None:
    """A non-negative number, None if absent. Raises ApiError 400."""
    text = query.get(name, "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise bad_request(f"{name}: expected a number that is not negative, got {shorten(text)}")
    return int(text)


def parse_dry_run(value: str) -> bool:
    if value not in {"", "All"}:
        raise invalid_options("CreateOptions", [not_supported("dryRun", value, ["All"])])
    return value == "All"


def _manager_of(user_agent: str) -> str:
    """The client's name from its User-Agent, as the API server does: `kubectl/v1.32 (…)` is `kubectl`."""
    name = user_agent.partition("/")[0].strip()
    return "".join(letter for letter in name if letter.isprintable())[:_LONGEST_MANAGER] or "unknown"


def _parse_revision(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise bad_request(f"resourceVersion: Invalid value: {shorten(text)}: expected a number that the server gave")
    return int(text)


def _check_list_options(options: ListOptions) -> None:
    problems: list[FieldProblem] = []
    if options.match and options.match not in _MATCHES:
        problems.append(not_supported("resourceVersionMatch", options.match, _MATCHES))
    elif options.match and options.resource_version is None and options.initial_events is None:
        detail = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        problems.append(forbidden("resourceVersionMatch", detail))
    elif options.match == "Exact" and options.resource_version == 0:
        detail = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        problems.append(forbidden("resourceVersionMatch", detail))
    elif options.initial_events is not None and not options.watch:
        if options.match and options.resource_version is None:
            detail = "resourceVersionMatch is forbidden unless resourceVersion is provided"
            problems.append(forbidden("resourceVersionMatch", detail))
        problems.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    elif options.initial_events is not None and options.match != "NotOlderThan":
        detail = 'sendInitialEvents requires setting resourceVersionMatch to "NotOlderThan"'
        problems.append(forbidden("resourceVersionMatch", detail))
    if problems:
        raise invalid_options("ListOptions", problems)


def _check_fields(text: str, resource: ResourceType) -> None:
    for term in re.split(r"(?<!\\),", text):
        name = re.split(r"[=!]", term, maxsplit=1)[0].strip()
        if name and name not in _COMMON_FIELDS and name not in resource.selectable:
            raise bad_request(f'field label not supported: "{name[:200]}"')
