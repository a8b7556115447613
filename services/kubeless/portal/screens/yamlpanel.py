"""The object as it is in the cluster, without what only the API server needs."""

from collections.abc import Callable

import yaml
from nicegui import ui

from kubeless.core.jsontypes import JsonObject
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab

LIMIT = 200_000
"""Characters that are shown."""


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, as people write them."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent)


def yaml_text(thing: JsonObject) -> str:
    """An object as YAML."""
    metadata = {name: value for name, value in thing["metadata"].items() if name != "managedFields"}
    return yaml.dump({**thing, "metadata": metadata}, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


class YamlPanel:
    """Shows whatever `current` returns, when it changes."""

    def __init__(self, tab: Tab, current: Callable[[], JsonObject]) -> None:
        self._tab = tab
        self._current = current
        self._version = ""

    def build(self) -> None:
        """Where the caller is."""
        self._text = ui.label().classes("pre box wide").mark("yaml")
        attribute(self._text, tabindex="0", role="region", aria_label="YAML")
        self._tab.view(self._show, at_least=1.0)

    def _show(self) -> None:
        thing = self._current()
        version = str(thing["metadata"].get("resourceVersion"))
        if version != self._version:
            self._version = version
            text = yaml_text(thing)
            self._text.text = text if len(text) <= LIMIT else text[:LIMIT] + "\n…"
