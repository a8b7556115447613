"""The .NET runtimes: `dotnetcore` up to 3.1, `dotnet` since then, as its makers named it."""

from kubeless.runtimes.languages.language import Language, cluster_only, ends
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain

CORE_VERSIONS = {"2.0": "2018-10-01", "2.1": "2021-08-21", "2.2": "2019-12-23", "3.1": "2022-12-13"}
VERSIONS = {"8": "2026-11-10", "10": "2028-11-14"}
"""With the day of their end of life (dotnet.microsoft.com/platform/support/policy)."""

TOOLCHAIN = Toolchain(title=".NET", programs=("dotnet",), package="apt install dotnet-sdk-8.0")


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


_LOCATE = cluster_only(TOOLCHAIN, VERSIONS)

LANGUAGE = Language(runtimes=runtimes, locate={"dotnetcore": _LOCATE, "dotnet": _LOCATE})
