"""The runtimes on the Java virtual machine: `java` compiles a source file, `jvm` takes any jar, `vertx` is of old."""

import platform
from pathlib import Path

from kubeless.runtimes.languages.language import Language, cluster_only, ends
from kubeless.runtimes.localruntime import LocalRuntime, Which
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain, find

VERSIONS = {"1.8": "2030-11-30", "11": "2027-10-31", "17": "2027-10-31", "21": "2029-12-31", "25": "2031-09-30"}
"""With the day of their end of life (adoptium.net/support)."""

VERTX_VERSIONS = {"1.8": "2023-08-31"}
"""Vert.x 3, for which these functions are written."""

_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

TOOLCHAIN = Toolchain(
    title="Java",
    # Debian keeps versions beside each other, and only one of them is on PATH. A mere JRE cannot compile the server.
    programs=(
        f"/usr/lib/jvm/java-{{version}}-openjdk-{_ARCHITECTURE}/bin/javac",
        f"/usr/lib/jvm/temurin-{{version}}-jdk-{_ARCHITECTURE}/bin/javac",
        "javac",
    ),
    ask=("-version",),
    answer=r"javac (?:1\.)?(\d+(?:\.\d+)*)",
    oldest=(8,),
    package="apt install default-jdk maven",
)

_RUNTIME = Path(__file__).parents[1] / "java"
_OURS = "{volume}/.kubeless"
CLASS_PATH = {
    "java": f"{_OURS}/server.jar:{_OURS}/classes:{_OURS}/lib/*",
    # Ours first: a jar with all its dependencies has an Event and a Context of its own.
    "jvm": f"{_OURS}/server.jar:{{volume}}/*",
}
OPTIONS = (
    "-XX:+UseSerialGC",  # the least memory, and the shortest start
    "-XX:-UsePerfData",
    *("-Dfile.encoding=UTF-8", "-Dsun.stdout.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8"),
    # Virtual threads that compute hold on to these; with one for each core, few of them would stop all the others.
    "-Djdk.virtualThreadScheduler.parallelism=32",
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
        compile=Phase(image=f"{registry}/java-init:{_tag(version)}", command="/compile-function.sh"),
        run=Phase(image=f"{registry}/java:{_tag(version)}"),
        end_of_life=ends(VERSIONS, version),
    )


def _jvm(version: str, registry: str) -> Runtime:
    return Runtime(
        id=f"jvm{version}",
        language="jvm",
        version=version,
        dep_name="",
        suffix=".jar",
        compile=Phase(image=f"{registry}/jvm-init:{_tag(version)}", command="/compile-function.sh"),
        run=Phase(image=f"{registry}/jvm:{_tag(version)}"),
        end_of_life=ends(VERSIONS, version),
    )


def _tag(version: str) -> str:
    """Java 1.8 is 8 to all who make images of it."""
    return version.removeprefix("1.")


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


def locate(runtime: Runtime, which: Which) -> LocalRuntime:
    """Find a JDK. Raises RuntimeNotAvailable."""
    versions = tuple(_tag(version) for version in VERSIONS)
    javac, warning = find(TOOLCHAIN, runtime, versions=versions, which=which)
    java = str(Path(javac.path).with_name("java"))
    return LocalRuntime(
        interpreter=java,
        version=".".join(str(part) for part in javac.version),
        warning=warning,
        compile=("sh", str(_RUNTIME / "compile.sh"), "{volume}", *(("jar",) if runtime.language == "jvm" else ())),
        run=(
            *("sh", str(_RUNTIME / "supervise.sh"), java, *OPTIONS),
            *("-cp", CLASS_PATH[runtime.language], "io.kubeless.server.Main"),
        ),
        env={"KUBELESS_JAVA": java},
    )


LANGUAGE = Language(
    runtimes=runtimes,
    locate={"java": locate, "jvm": locate, "vertx": cluster_only(TOOLCHAIN, VERSIONS)},
)
