"""
Light or dark, of one open page: as the person chose in this session, or else as their browser prefers.

Only the browser knows what it prefers, so it is asked once the page is there. Whatever cannot follow by style sheets
alone is told.
"""

from collections.abc import Callable

from nicegui import Client, ui

from kubeless.portal.sessions import Session

_PREFERS_DARK = "window.matchMedia('(prefers-color-scheme: dark)').matches"

PATIENCE = 10.0
"""Seconds for the browser's answer."""


class Look:
    """Made while its page is being built."""

    def __init__(self, client: Client, session: Session) -> None:
        self._client = client
        self._session = session
        self._mode = ui.dark_mode(session.dark)
        self._dark = bool(session.dark)
        self._followers: list[Callable[[bool], None]] = []

    def follow(self, follower: Callable[[bool], None]) -> None:
        """Tell whether it is dark, now and after each change."""
        self._followers.append(follower)
        follower(self._dark)

    async def learn(self) -> None:
        """Ask the browser, unless the person has chosen."""
        if self._session.dark is not None:
            return
        await self._client.connected()
        try:
            prefers_dark = await self._client.run_javascript(_PREFERS_DARK, timeout=PATIENCE)
        except TimeoutError:  # its style sheets know all the same
            return
        if self._session.dark is None:
            self._tell(bool(prefers_dark))

    def turn(self) -> None:
        """The other one, for all pages of the session that are opened from now on."""
        self._session.dark = not self._dark
        self._mode.set_value(self._session.dark)
        self._tell(self._session.dark)

    def _tell(self, dark: bool) -> None:
        self._dark = dark
        for follower in self._followers:
            follower(dark)
