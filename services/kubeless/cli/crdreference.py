"""
The custom resources as a page of documentation: `python -m kubeless.cli.crdreference > docs/crds.md`.

The page is made from the definitions that `kubeless crds` prints, so it cannot say anything else than a cluster does.
"""

import sys
from collections.abc import Iterator

from kubeless.api.crds import custom_resource_definitions
from kubeless.core.jsontypes import JsonObject

_INTRODUCTION = """\
# Custom resources

This page is made from the types: `python -m kubeless.cli.crdreference > docs/crds.md`. `kubeless crds` prints the
definitions themselves, and `kubectl explain function.spec` says the same as this page.

All kinds are of `apiVersion: kubeless.io/v1beta1`, namespaced, and in the category `kubeless`: `kubectl get kubeless`
lists all of them. A field without the word *required* may be left out. Fields of `status` are written by the services.
"""


def reference() -> str:
    """The page, as Markdown."""
    return "\n".join([_INTRODUCTION, *map(_section, custom_resource_definitions())])


def _section(definition: JsonObject) -> str:
    names, version = definition["spec"]["names"], definition["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    columns = ", ".join(f"`{each['name']}`" for each in version["additionalPrinterColumns"])
    lines = [
        f"## {names['kind']}",
        "",
        schema["description"],
        "",
        f"Short name: `{names['shortNames'][0]}`. Columns of `kubectl get -o wide`: {columns}.",
        "",
    ]
    for part in ("spec", "status"):
        of_part = schema["properties"][part]
        lines += [f"### {names['kind']} {part}", "", "| Field | Type | Meaning |", "|---|---|---|"]
        lines += [*_rows(of_part, ""), "", *_rules(of_part)]
    return "\n".join(lines)


def _rows(schema: JsonObject, path: str) -> Iterator[str]:
    """One for each field, and one for each field of those that have some, at any depth."""
    required = schema.get("required") or ()
    for name, field in (schema.get("properties") or {}).items():
        place = f"{path}{name}"
        meaning = " ".join((*(["*required*;"] if name in required else []), _cell(_meaning(field))))
        yield f"| `{place}` | {_type(field)} | {meaning} |"
        yield from _rows(field, f"{place}.")
        yield from _rows(field.get("items") or {}, f"{place}[].")


def _rules(schema: JsonObject) -> list[str]:
    rules = [f"- {rule['message']}" for rule in schema.get("x-kubernetes-validations") or ()]
    return [*rules, ""] if rules else []


def _type(field: JsonObject) -> str:
    if field.get("x-kubernetes-int-or-string"):
        return "number or string"
    if "items" in field:
        return f"list of {_type(field['items'])}"
    if isinstance(values := field.get("additionalProperties"), dict):
        return f"map of {_type(values)}"
    return str(field.get("type") or "any")


def _meaning(field: JsonObject) -> str:
    parts = [str(field.get("description") or "").removesuffix(".")]
    if choices := field.get("enum"):
        parts.append(f"One of {', '.join(f'`{each}`' for each in choices)}")
    bounds = [f"{word} {field[key]}" for key, word in _BOUNDS.items() if key in field]
    if bounds:
        parts.append(f"{'; '.join(bounds).capitalize()}")
    return "".join(f"{part}. " for part in parts if part).rstrip()


_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "maxLength": "characters at most:",
    "maxItems": "entries at most:",
}


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|").replace("<", "&lt;").replace("*", r"\*")


if __name__ == "__main__":
    sys.stdout.write(reference())
