"""The runtimes on the Java virtual machine: `java` compiles a source file, `jvm` takes any jar, `vertx` is of old."""

from kubeless.runtimes.languages.language import Language, cluster_only, ends
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain

VERSIONS = {"1.8": "2030-11-30", "11": "2027-10-31", "17": "2027-10-31", "21": "2029-12-31", "25": "2031-09-30"}
"""With the day of their end of life (adoptium.net/support)."""

VERTX_VERSIONS = {"1.8": "2023-08-31"}
"""Vert.x 3, for which these functions are written."""

TOOLCHAIN = Toolchain(
    title="Java",
    programs=("java",),
    ask=("-version",),
    answer=r'version "(\d+(?:\.\d+)*)',
    package="apt install default-jdk maven",
)


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images below `registry`."""
    return [
        *(_java(version, registry) for version in VERSIONS),
        *(_jvm(version, registry) for version in VERSIONS),
        *(_vertx(version, registry) for version in VERTX_VERSIONS),
    ]


def _java(version: str, registry: str) -> Runtime:
    return Runtime(
        id=f"java{version}",
        language="java",
        version=version,
        dep_name="pom.xml",
        suffix=".java",
        compile=Phase(image=f"{registry}/java-init:{version}", command="/compile-function.sh"),
        run=Phase(image=f"{registry}/java:{version}"),
        end_of_life=ends(VERSIONS, version),
    )


def _jvm(version: str, registry: str) -> Runtime:
    return Runtime(
        id=f"jvm{version}",
        language="jvm",
        version=version,
        dep_name="",
        suffix=".jar",
        compile=Phase(image=f"{registry}/jvm-init:{version}", command="/compile-function.sh"),
        run=Phase(image=f"{registry}/jvm:{version}"),
        end_of_life=ends(VERSIONS, version),
    )


def _vertx(version: str, registry: str) -> Runtime:
    return Runtime(
        id=f"vertx{version}",
        language="vertx",
        version=version,
        dep_name="pom.xml",
        suffix=".java",
        compile=Phase(image=f"{registry}/vertx-init:{version}", command="/compile-function.sh"),
        run=Phase(image=f"{registry}/vertx:{version}"),
        end_of_life=ends(VERTX_VERSIONS, version),
    )


_LOCATE = cluster_only(TOOLCHAIN, VERSIONS)

LANGUAGE = Language(runtimes=runtimes, locate=dict.fromkeys(("java", "jvm", "vertx"), _LOCATE))
