"""
A folder with one NuGet package, for functions in .NET.

The package brings source instead of an assembly, so no compiler is needed to make it: a NuGet package may carry a
piece of MSBuild that adds to the project which asks for it.
"""

from pathlib import Path
from zipfile import ZipFile

_NAME = "Nobody.Package"

_FILES = {
    f"{_NAME}.nuspec": (
        '<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>'
        f"<id>{_NAME}</id><version>1.0.7</version><authors>tests</authors><description>for tests</description>"
        '<dependencies><group targetFramework="netstandard2.0"/></dependencies></metadata></package>'
    ),
    f"build/{_NAME}.targets": (
        '<Project><ItemGroup><Compile Include="$(MSBuildThisFileDirectory)Used.cs" /></ItemGroup></Project>'
    ),
    "build/Used.cs": 'namespace Nobody { public static class Package { public const string Said = "used"; } }',
    "lib/netstandard2.0/_._": "",
}


def make_nuget_packages(folder: Path) -> None:
    """A source of packages, with `Nobody.Package` in it."""
    with ZipFile(folder / f"{_NAME}.1.0.7.nupkg", "w") as package:
        for name, text in _FILES.items():
            package.writestr(name, text)


def project(package: str, version: str) -> str:
    """A project.csproj as the original's documentation has it, with one more package, from the tests' folder alone."""
    references = "".join(
        f'<PackageReference Include="{name}" Version="{number}" />'
        for name, number in (("Kubeless.Functions", "0.1.1"), (package, version))
    )
    return (
        '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>netstandard2.0</TargetFramework>'
        "<RestoreSources>{packages}</RestoreSources></PropertyGroup>"
        f"<ItemGroup>{references}</ItemGroup></Project>"
    )
