"""The Ruby runtimes."""

from pathlib import Path

from kubeless.runtimes.languages.language import Language, ends
from kubeless.runtimes.localruntime import LocalRuntime, Which
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain, find

VERSIONS = {
    "2.3": "2019-03-31",
    "2.4": "2020-03-31",
    "2.5": "2021-03-31",
    "2.6": "2022-04-12",
    "3.1": "2025-03-26",
    "3.2": "2026-03-31",
    "3.3": "2027-03-31",
    "3.4": "2028-03-31",
}
"""With the day of their end of life (ruby-lang.org/en/downloads/branches)."""

TOOLCHAIN = Toolchain(
    title="Ruby", programs=("ruby{version}", "ruby"), oldest=(2, 3), package="apt install ruby ruby-bundler"
)

_RUNTIME = Path(__file__).parents[1] / "ruby"

# The variable does what the flag --path of the original did, which newer Bundlers do not know any more.
_INSTALL = (
    'HOME="${TMPDIR:-/tmp}" BUNDLE_PATH="$KUBELESS_INSTALL_VOLUME" bundle install --gemfile="$KUBELESS_DEPS_FILE"'
)


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images below `registry`."""
    return [_runtime(version, registry) for version in VERSIONS]


def _runtime(version: str, registry: str) -> Runtime:
    return Runtime(
        id=f"ruby{version}",
        language="ruby",
        version=version,
        dep_name="Gemfile",
        suffix=".rb",
        install=Phase(image=f"ruby:{version}", command=_INSTALL),
        run=Phase(image=f"{registry}/ruby:{version}", env={"GEM_HOME": f"$(KUBELESS_INSTALL_VOLUME)/ruby/{version}.0"}),
        end_of_life=ends(VERSIONS, version),
    )


def locate(runtime: Runtime, which: Which) -> LocalRuntime:
    """Find Ruby. Raises RuntimeNotAvailable."""
    ruby, warning = find(TOOLCHAIN, runtime, versions=tuple(VERSIONS), which=which)
    major, minor = (*ruby.version, 0)[:2]
    return LocalRuntime(
        interpreter=ruby.path,
        version=".".join(str(part) for part in ruby.version),
        warning=warning,
        install=(ruby.path, str(_RUNTIME / "install.rb"), "{deps}", "{volume}"),
        run=(ruby.path, str(_RUNTIME / "server.rb")),
        env={"GEM_HOME": f"{{volume}}/ruby/{major}.{minor}.0"},
    )


LANGUAGE = Language(runtimes=runtimes, locate={"ruby": locate})
