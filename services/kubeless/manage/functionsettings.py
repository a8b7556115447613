"""
What a person says about a function, whether by flags or in a form.

None means "not given", which is not the same as the default: an update keeps what is not given.
"""

from dataclasses import dataclass

from kubeless.manage.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """The flags, after `--from-file` and `--dependencies` were read."""

    runtime: str | None = None
    handler: str | None = None
    source: Source | None = None
    deps: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    node_selectors: tuple[tuple[str, str], ...] = ()
    service_account: str | None = None
    memory: str | None = None
    cpu: str | None = None
    image: str | None = None
    image_pull_policy: str | None = None
    timeout: str | None = None
    """Seconds."""
    port: int | None = None
    service_port: int | None = None
    """0 is the same as `port`."""
    headless: bool | None = None
