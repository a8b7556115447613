"""What is around each screen: where one can go, whether the cluster answers, who one is."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from kubeless.portal.screens.tab import Tab

SCREENS = (
    ("Overview", "/overview"),
    ("Functions", "/"),
    ("Triggers", "/triggers"),
    ("Dead letters", "/dead-letters"),
)
"""Title and path of what the header links to."""

_BANNER_CHECK = 0.5


def attribute(element: ui.element, **attributes: str | bool | int) -> None:
    """
    Set HTML attributes from data.

    Never by NiceGUI's strings of properties: what is put into those is parsed.
    """
    for name, value in attributes.items():
        element.props[name.replace("_", "-")] = value


@contextmanager
def frame(tab: Tab, current: str, *, heading: str) -> Iterator[None]:
    """The page is filled while entered. `current` is the path of the screen."""
    session = tab.session
    ui.add_head_html('<link rel="stylesheet" href="/static/portal.css"><script src="/static/portal.js"></script>')
    ui.colors(
        primary="#1d4e89",
        negative="#b3261e",
        positive="#14713d",
        warning="#8a5300",
        dark_page="#1c2128",
        dark="#22272e",
    )
    _header(tab, current)
    banner = ui.label().classes("banner")
    attribute(banner, role="alert")
    banner.visible = False

    def show_contact() -> None:
        problem = session.contact.problem
        banner.visible = bool(problem)
        if problem:
            banner.text = f"The API server does not answer; what you see may be old. {problem}"

    tab.view(show_contact, at_least=_BANNER_CHECK)
    with ui.element("div").classes("wide column") as main:
        attribute(main, id="main", tabindex="-1")
        with ui.element("h1").classes("title"):
            ui.label(heading)
        yield


def _header(tab: Tab, current: str) -> None:
    session = tab.session
    with ui.header().classes("top"):
        skip = ui.element("a").classes("skip")
        attribute(skip, href="#main")
        with skip:
            ui.label("Skip to content")
        with ui.element("nav").classes("row items-center").style("gap:.9rem") as nav:
            attribute(nav, aria_label="Screens")
            ui.link("Kubeless", "/").classes("brand")
            for title, path in SCREENS:
                link = ui.link(title, path)
                if path == current:
                    attribute(link, aria_current="page")
        ui.element("div").classes("grow")
        button = ui.button(icon="contrast", on_click=tab.look.turn).props("flat round dense")
        attribute(button, aria_label="Light or dark")
        if tab.settings.sign_in == "none":
            return
        ui.label(session.person.name).classes("hide-narrow")
        if tab.settings.sign_in == "token":
            with ui.element("form") as form:
                attribute(form, method="post", action="/sign-out")
                ui.button("Sign out").props("flat dense type=submit no-caps")
