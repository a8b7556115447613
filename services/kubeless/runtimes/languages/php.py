"""The PHP runtimes."""

from kubeless.runtimes.languages.language import Language, cluster_only, ends
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain

VERSIONS = {
    "7.2": "2020-11-30",
    "7.3": "2021-12-06",
    "7.4": "2022-11-28",
    "8.1": "2025-12-31",
    "8.2": "2026-12-31",
    "8.3": "2027-12-31",
    "8.4": "2028-12-31",
}
"""With the day of their end of life (php.net/supported-versions)."""

TOOLCHAIN = Toolchain(title="PHP", programs=("php{version}", "php"), package="apt install php-cli composer")


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images below `registry`."""
    return [_runtime(version, registry) for version in VERSIONS]


def _runtime(version: str, registry: str) -> Runtime:
    return Runtime(
        id=f"php{version}",
        language="php",
        version=version,
        dep_name="composer.json",
        suffix=".php",
        install=Phase(image="composer:2", command='composer install --no-dev -d "$KUBELESS_INSTALL_VOLUME"'),
        run=Phase(image=f"{registry}/php:{version}"),
        end_of_life=ends(VERSIONS, version),
    )


LANGUAGE = Language(runtimes=runtimes, locate={"php": cluster_only(TOOLCHAIN, VERSIONS)})
