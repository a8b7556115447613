"""The Ruby runtimes."""

from kubeless.runtimes.languages.language import Language, cluster_only, ends
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain

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

TOOLCHAIN = Toolchain(title="Ruby", programs=("ruby{version}", "ruby"), package="apt install ruby ruby-bundler")

_INSTALL = 'bundle install --gemfile="$KUBELESS_DEPS_FILE" --path="$KUBELESS_INSTALL_VOLUME"'


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


LANGUAGE = Language(runtimes=runtimes, locate={"ruby": cluster_only(TOOLCHAIN, VERSIONS)})
