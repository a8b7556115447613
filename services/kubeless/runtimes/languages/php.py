"""The PHP runtimes."""

from pathlib import Path

from kubeless.runtimes.languages.language import Language, ends
from kubeless.runtimes.localruntime import LocalRuntime, Which
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain, find

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

TOOLCHAIN = Toolchain(
    title="PHP", programs=("php{version}", "php"), oldest=(7, 2), package="apt install php-cli composer"
)

_SERVER = Path(__file__).parents[1] / "php" / "server.php"
_NO_COMPOSER = "composer.json cannot be installed: Composer is missing; install it with \\`apt install composer\\`"


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


def locate(runtime: Runtime, which: Which) -> LocalRuntime:
    """Find PHP and Composer; without the latter the install step fails. Raises RuntimeNotAvailable without PHP."""
    php, warning = find(TOOLCHAIN, runtime, versions=tuple(VERSIONS), which=which)
    composer = which("composer")
    return LocalRuntime(
        interpreter=php.path,
        version=".".join(str(part) for part in php.version),
        warning=warning,
        install=_install(php.path, composer) if composer else ("sh", "-c", f'echo "{_NO_COMPOSER}" >&2; exit 1'),
        run=(php.path, str(_SERVER)),
    )


def _install(php: str, composer: str) -> tuple[str, ...]:
    """Composer is a PHP program itself, run by the very PHP that the function runs on."""
    settings = ("COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_HOME={volume}/.composer")
    options = ("--no-dev", "--no-interaction", "--no-progress", "--no-ansi", "--working-dir", "{volume}")
    return ("env", *settings, php, composer, "install", *options)


LANGUAGE = Language(runtimes=runtimes, locate={"php": locate})
