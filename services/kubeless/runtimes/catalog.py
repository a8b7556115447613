"""
Which runtimes there are.

The built-in ones come from `kubeless.runtimes.languages`; the key `runtime-images` of the configuration replaces some
of them or adds others (`kubeless.runtimes.images`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kubeless.runtimes.images import parse_runtime_images
from kubeless.runtimes.languages.all import LANGUAGES
from kubeless.runtimes.runtime import Runtime, UnknownRuntime

REGISTRY = "kubeless"
"""Where the images of the built-in runtimes are unless a setting says otherwise."""


class Catalog:
    """Runtimes by id. Immutable."""

    def __init__(self, runtimes: Iterable[Runtime]) -> None:
        """Of runtimes with the same id the last one counts."""
        self._runtimes = {runtime.id: runtime for runtime in runtimes}

    def resolve(self, runtime_id: str) -> Runtime:
        """
        The runtime with this id.

        Raises UnknownRuntime, which names the ids there are.
        """
        try:
            return self._runtimes[runtime_id]
        except KeyError:
            raise UnknownRuntime(runtime_id, self.ids()) from None

    def ids(self) -> list[str]:
        """All ids, as they are listed to people."""
        return list(self._runtimes)

    def newest(self, language: str) -> Runtime:
        """The latest version of a language, which must be known."""
        versions = [runtime for runtime in self._runtimes.values() if runtime.language == language]
        return max(versions, key=lambda runtime: [int(part) for part in runtime.version.split(".")])

    def with_images(self, environ: Mapping[str, str]) -> "Catalog":
        """Replace the images that have a variable such as `PYTHON3.11_RUNTIME`, as the Go controller did."""
        return Catalog(
            replace(runtime, run=replace(runtime.run, image=environ[variable]))
            if environ.get(variable := f"{runtime.language.upper()}{runtime.version}_RUNTIME")
            else runtime
            for runtime in self._runtimes.values()
        )


def built_in(registry: str = REGISTRY) -> Catalog:
    """The runtimes of this project, with images below `registry`."""
    return Catalog(_all(registry))


def catalog_from_config(runtime_images: str | list[object], *, registry: str = REGISTRY) -> Catalog:
    """
    The built-in runtimes, replaced and extended by the configuration's `runtime-images`.

    Raises InvalidField that names the entry which cannot be used.
    """
    ends = {runtime.id: runtime.end_of_life for runtime in _all(registry)}
    configured = parse_runtime_images(runtime_images)
    return Catalog([*_all(registry), *(replace(one, end_of_life=ends.get(one.id)) for one in configured)])


def _all(registry: str) -> list[Runtime]:
    return [runtime for language in LANGUAGES for runtime in language.runtimes(registry)]


_BUILT_IN = built_in()


def resolve(runtime_id: str) -> Runtime:
    """
    The built-in runtime with this id.

    Raises UnknownRuntime, which names the ids there are.
    """
    return _BUILT_IN.resolve(runtime_id)


def runtime_ids() -> list[str]:
    """The ids of the built-in runtimes."""
    return _BUILT_IN.ids()
