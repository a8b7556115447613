"""
The .NET runtimes: `dotnetcore` up to 3.1, `dotnet` since then, as its makers named it.

The server needs .NET Core 3.1. Functions for older versions run on it: they are compiled for it from their source.
"""

from pathlib import Path

from kubeless.runtimes.languages.language import Language, ends
from kubeless.runtimes.localruntime import LocalRuntime, Which
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain, find

CORE_VERSIONS = {"2.0": "2018-10-01", "2.1": "2021-08-21", "2.2": "2019-12-23", "3.1": "2022-12-13"}
VERSIONS = {"8": "2026-11-10", "10": "2028-11-14"}
"""With the day of their end of life (dotnet.microsoft.com/platform/support/policy)."""

# Of an SDK: a mere runtime has no version of its own to tell, and cannot compile.
TOOLCHAIN = Toolchain(title=".NET", programs=("dotnet",), oldest=(3, 1), package="apt install dotnet-sdk-8.0")

_RUNTIME = Path(__file__).parents[1] / "dotnet"


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images below `registry`."""
    return [
        *(_runtime("dotnetcore", version, CORE_VERSIONS, registry) for version in CORE_VERSIONS),
        *(_runtime("dotnet", version, VERSIONS, registry) for version in VERSIONS),
    ]


def _runtime(language: str, version: str, versions: dict[str, str], registry: str) -> Runtime:
    return Runtime(
        id=f"{language}{version}",
        language=language,
        version=version,
        dep_name="project.csproj",
        suffix=".cs",
        compile=Phase(
            image=f"{registry}/{language}-init:{version}",
            command='/app/compile-function.sh "$KUBELESS_INSTALL_VOLUME"',
        ),
        run=Phase(
            image=f"{registry}/{language}:{version}",
            env={"DOTNETCORE_HOME": "$(KUBELESS_INSTALL_VOLUME)/packages"},
        ),
        end_of_life=ends(versions, version),
    )


def locate(runtime: Runtime, which: Which) -> LocalRuntime:
    """Find a .NET SDK. Raises RuntimeNotAvailable."""
    dotnet, warning = find(TOOLCHAIN, runtime, versions=(), which=which)
    return LocalRuntime(
        interpreter=dotnet.path,
        version=".".join(str(part) for part in dotnet.version),
        warning=warning,
        compile=("sh", str(_RUNTIME / "compile.sh"), "{volume}"),
        run=("sh", str(_RUNTIME / "supervise.sh"), dotnet.path, "{volume}/.kubeless/server/Kubeless.Server.dll"),
        env={"KUBELESS_DOTNET": dotnet.path},
    )


LANGUAGE = Language(runtimes=runtimes, locate={"dotnetcore": locate, "dotnet": locate})
