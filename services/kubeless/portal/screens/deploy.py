"""The dialog that deploys a new function from the template of its language."""

import re
from datetime import UTC, datetime

from nicegui import ui

from kubeless.api.resource import FUNCTIONS
from kubeless.core.errors import KubelessError
from kubeless.manage.functionobject import new_function
from kubeless.manage.functionsettings import FunctionSettings
from kubeless.manage.source import stored_source
from kubeless.portal.decide.rows import function_path
from kubeless.portal.decide.templates import template_of
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab
from kubeless.runtimes.catalog import built_in

NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""A function's Service has the same name (RFC 1035)."""

FIRST_RUNTIME = "python3.11"


def name_problem(name: str) -> str | None:
    """What is wrong with the name of a function."""
    if NAME.fullmatch(name):
        return None
    return "Use lower case letters, digits and dashes, at most 63, with a letter first"


class DeployDialog:
    """Opened by its button; goes to the new function's page."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._namespace = tab.session.client.namespace
        today = datetime.now(UTC).date()
        catalog = built_in()
        self._runtimes = {
            name: f"{name} (no security fixes any more)" if catalog.resolve(name).has_ended(today) else name
            for name in catalog.ids()
        }
        self._catalog = catalog
        with ui.dialog() as self._dialog, ui.card().style("min-width: min(26rem, 90vw)"):
            with ui.element("h2").classes("title"):
                ui.label("Deploy a function")
            self._name = ui.input("Name", validation=name_problem).classes("wide").props("autofocus")
            self._where = ui.input("Namespace", value=self._namespace, validation=name_problem).classes("wide")
            self._runtime = ui.select(self._runtimes, value=FIRST_RUNTIME, label="Runtime", with_input=True).classes(
                "wide"
            )
            self._problem = ui.label().classes("bad")
            attribute(self._problem, role="alert")
            with ui.row().classes("justify-end wide"):
                ui.button("Cancel", on_click=self._dialog.close).props("flat no-caps")
                ui.button("Deploy", on_click=self._create).props("no-caps").mark("deploy-create")

    def button(self) -> None:
        """The button that opens it, disabled for those who may not create functions."""
        self._button = ui.button("Deploy a function", icon="add", on_click=self._dialog.open).props("no-caps")

    def set_namespace(self, namespace: str) -> None:
        """Where a function goes unless the person says otherwise; empty is all."""
        self._namespace = namespace or self._tab.session.client.namespace
        self._where.value = self._namespace
        self._tab.start(self._check(namespace), "rights")

    async def _check(self, namespace: str) -> None:
        verdict = await self._tab.session.rights.may("create", FUNCTIONS, namespace)
        with self._tab.client:
            allow(self._button, verdict.allowed, verdict.reason)

    async def _create(self) -> None:
        name, namespace = (self._name.value or "").strip(), (self._where.value or "").strip()
        if not (self._name.validate() and self._where.validate()):
            return
        runtime = self._catalog.resolve(str(self._runtime.value))
        template = template_of(runtime.language)
        settings = FunctionSettings(
            runtime=runtime.id,
            handler=template.handler,
            source=stored_source(template.code.encode(), name=f"handler{runtime.suffix}"),
        )
        try:
            await self._tab.session.client.create(FUNCTIONS, new_function(name, namespace, settings))
        except KubelessError as error:
            self._problem.text = str(error)
            return
        ui.navigate.to(function_path(namespace, name))


def allow(button: ui.element, allowed: bool, reason: str) -> None:
    """Let a button work, or say why it does not."""
    button.props["disable"] = not allowed
    button.props["title"] = "" if allowed else reason
    if allowed:
        button.props.pop("aria-description", None)
    else:
        button.props["aria-description"] = reason
    button.update()
