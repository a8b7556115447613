"""A browser in front of the portal of a local platform: Debian's Chromium, driven by playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, Request, sync_playwright  # noqa: E402 - where it is not, the tests are skipped

PICTURES = Path(__file__).parents[2] / "docs" / "portal"

PATIENCE = 60_000.0
"""Milliseconds."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that is on PATH; skips where there is none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not on PATH")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visitor:
    """One person's browser window; remembers what must not happen: script errors and requests to elsewhere."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        width: int = 1280,
        height: int = 800,
        color_scheme: Literal["light", "dark"] = "light",
    ) -> None:
        self.url = url
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", color_scheme=color_scheme
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.page.on("pageerror", self._failed)
        self.page.on("console", self._said)
        self.page.on("request", self._asked)
        self.page.on("dialog", self._interrupted)

    def open(self, path: str = "/") -> Page:
        """Go to a screen."""
        self.page.goto(self.url + path)
        return self.page

    def picture(self, name: str) -> None:
        """Keep the window in the documentation, where that is asked for."""
        if os.environ.get("KUBELESS_WRITE_DOCS") == "1":
            PICTURES.mkdir(exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")

    def type_code(self, code: str) -> None:
        """Replace what is in the editor; pasted, as typing would indent."""
        editor = self.page.locator(".editor .cm-content").first
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)

    def close(self) -> None:
        """Leave; fails if something happened that must not."""
        self.context.close()
        assert self.complaints == []

    def _failed(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"asked {request.url}")

    def _interrupted(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()
