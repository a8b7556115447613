"""
The editor of one function, its settings, and Save.

Save follows the rollout until the function is ready or it is plain that it will not be; then the error is told, and its
line marked where the runtime said which.
"""

from functools import partial
from typing import Any, cast

from nicegui import ui

from kubeless.api.resource import FUNCTIONS
from kubeless.core.errors import InvalidInput, KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import NotFound
from kubeless.manage.pods import last_words
from kubeless.manage.readiness import readiness
from kubeless.portal.decide.difference import Conflict
from kubeless.portal.decide.errorlines import error_line
from kubeless.portal.decide.form import fields_of, is_editable, problem_of
from kubeless.portal.decide.templates import Template, template_of
from kubeless.portal.saving import deploy_anew, save
from kubeless.portal.screens.conflictdialog import ConflictDialog
from kubeless.portal.screens.deploy import allow
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab
from kubeless.runtimes.catalog import built_in
from kubeless.runtimes.runtime import Runtime, UnknownRuntime

_SETTINGS = (
    ("handler", "Handler", "file.function"),
    ("timeout", "Timeout in seconds", "180"),
    ("memory", "Memory", "no limit"),
    ("cpu", "CPU", "no limit"),
    ("port", "Port", "8080"),
    ("replicas", "Replicas", "as scaled elsewhere"),
)


class CodePanel:
    """Built where it is made; `changed` is called with each newer version of the object."""

    def __init__(self, tab: Tab, function: JsonObject) -> None:
        self._tab = tab
        self._base = function
        self._current = function
        self._waited_for: int | None = None
        self._is_gone = False
        self._runtime = _runtime(function)
        self._template = template_of(self._runtime.language if self._runtime else "")
        self._inputs: dict[str, ui.input | ui.textarea | ui.select] = {}
        self._code: ui.codemirror | None = None
        self._deps: ui.codemirror | None = None
        self._theirs = function
        self._buttons()
        if is_editable(function):
            self._editors(function, self._template)
        else:
            ui.label("The source is an archive or an address; it can be changed with 'kubeless function update'.")
        self._settings(fields_of(function))
        self._conflict = ConflictDialog(mine=self._save_mine, theirs=self._take_theirs)
        tab.start(self._check(), "rights")

    def _buttons(self) -> None:
        with ui.row().classes("items-center wide"):
            self._save_button = ui.button("Save", icon="save", on_click=self._save).props("no-caps").mark("save")
            attribute(self._save_button, aria_keyshortcuts="Control+S")
            self._status = ui.label().mark("save-status")
            attribute(self._status, role="status", aria_live="polite")
        self._error = ui.label().classes("pre bad").mark("save-error")
        attribute(self._error, role="alert")

    def _editors(self, function: JsonObject, template: Template) -> None:
        fields = fields_of(function)
        self._code = self._editor(fields["code"], template.editor, keymap={"Mod-s": self._save}).classes("editor")
        attribute(self._code, aria_label="Code")
        ui.label("Esc, then Tab, leaves the editor; Ctrl+S saves.").classes("faint")
        if self._runtime and self._runtime.dep_name:
            with ui.expansion(f"Dependencies ({self._runtime.dep_name})", value=bool(fields["deps"])).classes("wide"):
                self._deps = self._editor(fields["deps"], template.deps_editor).classes("editor small")
                attribute(self._deps, aria_label="Dependencies")

    def _editor(self, text: str, language: str, **more: Any) -> ui.codemirror:
        editor = ui.codemirror(text, language=cast(Any, language), **more)

        def dress(dark: bool) -> None:
            editor.theme = "vscodeDark" if dark else "vscodeLight"

        self._tab.look.follow(dress)
        return editor

    def _settings(self, fields: dict[str, str]) -> None:
        with ui.expansion("Settings").classes("wide"), ui.element("div").classes("fields"):
            ids = {name: name for name in built_in().ids()}
            ids.setdefault(fields["runtime"], fields["runtime"])
            self._inputs["runtime"] = ui.select(ids, value=fields["runtime"], label="Runtime", with_input=True)
            for name, label, hint in _SETTINGS:
                self._inputs[name] = ui.input(
                    label,
                    value=fields[name],
                    placeholder=hint,
                    validation=partial(problem_of, name),
                )
            for name, label in (("env", "Environment (NAME=value in each line)"), ("labels", "Labels (name=value)")):
                self._inputs[name] = ui.textarea(label, value=fields[name], validation=partial(problem_of, name)).props(
                    "autogrow"
                )

    def fields(self) -> dict[str, str]:
        """The form as it is."""
        found = {name: str(element.value or "") for name, element in self._inputs.items()}
        if self._code is not None:
            found["code"] = self._code.value
        if self._deps is not None:
            found["deps"] = self._deps.value
        return fields_of(self._base) | found

    def changed(self, current: JsonObject) -> None:
        """The object in the cluster is another one now."""
        self._current = current
        if self._is_gone:
            self._is_gone = False
            self._save_button.text = "Save"
        if self._waited_for is not None:
            self._follow_rollout(current, self._waited_for)
        elif self.fields() == fields_of(self._base):
            self._load(current)
        elif fields_of(current) != fields_of(self._base):
            self._tell("Somebody changed this function meanwhile; Save will show the difference.", "waiting")

    def deleted(self) -> None:
        """There is nothing to save to, but what is in the editor can be deployed anew."""
        if not self._is_gone:
            self._is_gone = True
            self._waited_for = None
            self._save_button.text = "Deploy anew"
            self._tell("", "waiting")

    async def _check(self) -> None:
        verdict = await self._tab.session.rights.may("update", FUNCTIONS, self._base["metadata"]["namespace"])
        with self._tab.client:
            allow(self._save_button, verdict.allowed, verdict.reason)
            if not verdict.allowed and self._code is not None:
                self._code.disable()

    async def _save(self) -> None:
        await self._write(force=False)

    async def _save_mine(self) -> None:
        await self._write(force=True)

    async def _write(self, *, force: bool) -> None:
        self._mark(None, "")
        self._tell("Saving …", "waiting")
        try:
            client, fields = self._tab.session.client, self.fields()
            saved = await (
                deploy_anew(client, self._base, fields)
                if self._is_gone
                else save(client, self._base, fields, force=force)
            )
        except InvalidInput as error:
            self._tell("Not saved", "failed", str(error))
        except NotFound:
            self._tell(
                "Not saved", "failed", "The function was deleted meanwhile. Your code is still here: deploy it anew."
            )
        except KubelessError as error:
            self._tell("Not saved", "failed", str(error))
        else:
            self._saved(saved.function, saved.conflicts)

    def _saved(self, function: JsonObject, conflicts: tuple[Conflict, ...]) -> None:
        if conflicts:
            self._tell("Not saved: somebody changed the same meanwhile", "failed")
            self._theirs = function
            self._conflict.show(conflicts)
            return
        self._load(function)
        self._waited_for = int(function["metadata"].get("generation") or 0)
        self._follow_rollout(function, self._waited_for)

    def _take_theirs(self) -> None:
        self._load(self._theirs)
        self._tell("Theirs was loaded", "ready")

    def _load(self, function: JsonObject) -> None:
        """Go on from this version."""
        self._base = function
        fields = fields_of(function)
        for name, element in self._inputs.items():
            if str(element.value or "") != fields[name]:
                element.value = fields[name]
        if self._code is not None and self._code.value != fields["code"]:
            self._code.value = fields["code"]
        if self._deps is not None and self._deps.value != fields["deps"]:
            self._deps.value = fields["deps"]

    def _follow_rollout(self, function: JsonObject, generation: int) -> None:
        seen = readiness(function, generation=generation)
        match seen.state:
            case "ready":
                self._waited_for = None
                self._base = function
                self._mark(None, "")
                self._tell("Saved and ready", "ready")
            case "failed":
                self._waited_for = None
                self._base = function
                self._tell("Saved, and it does not work", "failed", seen.describe())
                self._tab.start(self._explain(seen.describe()), "last words")
            case _:
                self._tell(f"Saved: {seen.step} …", "waiting")

    async def _explain(self, problem: str) -> None:
        metadata = self._base["metadata"]
        words = await last_words(self._tab.session.client, metadata["namespace"], metadata["name"])
        text = "\n".join([problem, *words])
        fields = fields_of(self._base)
        line = error_line(
            text,
            handler=fields["handler"],
            suffix=self._runtime.suffix if self._runtime else "",
            lines=fields["code"].count("\n") + 1,
        )
        with self._tab.client:
            self._error.text = text if line is None else f"Line {line}\n{text}"
            self._mark(line, problem)

    def _mark(self, line: int | None, problem: str) -> None:
        if self._code is None:
            return
        self._code.decorations = [] if line is None else [{"kind": "line", "line": line, "class": "error-line"}]
        self._code.line_tooltips = {} if line is None else {line: problem}
        if line is not None:
            self._code.reveal_line(line)

    def _tell(self, text: str, state: str, problem: str = "") -> None:
        self._status.text = text
        self._status.classes(replace=f"state-{state}")
        self._error.text = problem


def _runtime(function: JsonObject) -> Runtime | None:
    try:
        return built_in().resolve(str((function.get("spec") or {}).get("runtime") or ""))
    except UnknownRuntime:
        return None
