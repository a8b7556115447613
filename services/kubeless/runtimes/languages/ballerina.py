"""The Ballerina runtimes."""

from kubeless.runtimes.languages.language import Language, cluster_only, ends
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain

VERSIONS = {"0.981.0": "2019-09-10", "2201": ""}
"""With the day of their end of life: for all before 1.0, its release."""

TOOLCHAIN = Toolchain(
    title="Ballerina",
    programs=("bal", "ballerina"),
    ask=("version",),
    package="apt install ./ballerina-*.deb from ballerina.io",
)


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images below `registry`."""
    return [_runtime(version, registry) for version in VERSIONS]


def _runtime(version: str, registry: str) -> Runtime:
    return Runtime(
        id=f"ballerina{version}",
        language="ballerina",
        version=version,
        dep_name="",
        suffix=".bal",
        compile=Phase(
            image=f"{registry}/ballerina-init:{version}", command='/compile-function.sh "$KUBELESS_FUNC_NAME"'
        ),
        run=Phase(image=f"{registry}/ballerina:{version}"),
        end_of_life=ends(VERSIONS, version),
    )


LANGUAGE = Language(runtimes=runtimes, locate={"ballerina": cluster_only(TOOLCHAIN, VERSIONS)})
