"""The screen of all triggers."""

from nicegui import ui

from kubeless.portal.screens.frame import frame
from kubeless.portal.screens.namespaces import NamespaceChoice
from kubeless.portal.screens.tab import Tab
from kubeless.portal.screens.triggertable import TriggerTable


def trigger_list(tab: Tab, namespace: str | None) -> None:
    """Build the screen."""
    with frame(tab, "/triggers", heading="Triggers"):
        place = ui.element("div").classes("wide")
        table = TriggerTable(tab)

        def chosen(wanted: str) -> None:
            tab.unfollow()
            table.follow(wanted)

        with place:
            NamespaceChoice(tab, namespace, chosen)
