"""
The languages that go through the suite.

To add one: a folder with its functions below `functions`, and an entry here. Everything a language does otherwise than
the rest, because its original did, stands here with its reason and appears below the matrix.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runtimes.jars import make_jar
from runtimes.nuget import make_nuget_packages, project
from runtimes.repositories import make_composer_packages, make_gems


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How the suite calls a language's functions, and in what the language differs."""

    name: str
    runtime: str
    """The id that is resolved, such as `nodejs20`."""
    suffix: str
    exact: bool = False
    """Whether another version of the language, or a translation, will not do: the server differs."""
    functions: str = ""
    """The folder with its functions, if that is not its name."""
    handler: str = "run"
    deps: str = ""
    """Dependency file of the function `depend`."""
    installer: str = ""
    """The program that installs dependencies, if it may be missing where the language is there."""
    absent_deps: str = ""
    """A dependency file that names a package which does not exist."""
    packages: Callable[[Path], None] | None = None
    """Makes the repository that `{packages}` in the dependency files stands for, in an empty folder."""
    returns: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Status and body where what a function returns is answered otherwise than usual, by case of `answer`."""
    empty: str = ""
    """What a function that returns its data answers to a request without a body."""
    parses_json: bool = True
    build: Callable[[Path, Path], None] | None = None
    """Makes the function's file out of a Java source, where it is none that people write."""
    inapplicable: Mapping[str, str] = field(default_factory=dict)
    """Cases that make no sense here, with the reason."""


def pom(dependency: str) -> str:
    """A pom.xml as the original's documentation has it, with one more dependency."""
    ours = "<groupId>io.kubeless</groupId><artifactId>{}</artifactId><version>1.0-SNAPSHOT</version>"
    return (
        "<project><modelVersion>4.0.0</modelVersion><artifactId>function</artifactId><version>1.0-SNAPSHOT</version>"
        f"<dependencies><dependency>{dependency}</dependency><dependency>{ours.format('params')}</dependency>"
        f"</dependencies><parent>{ours.format('kubeless')}</parent></project>"
    )


def composer(package: str) -> str:
    """A composer.json that asks a repository of the tests for a package, and nobody else."""
    repositories = [{"type": "path", "url": "{packages}", "options": {"symlink": False}}, {"packagist.org": False}]
    return json.dumps({"repositories": repositories, "require": {package: "1.0.7"}})


PYTHON_LEGACY = {"number": (500, ""), "null": (200, ""), "list": (200, "ab")}

LANGUAGES = (
    Language(
        name="python",
        runtime="python3.11",
        suffix=".py",
        deps="iniconfig==2.0.0\n",
        absent_deps="kubeless-package-that-nobody-published==1.0\n",
        returns={"number": (500, ""), "null": (200, ""), "list": (200, "ab")},
    ),
    Language(
        name="python2.7",
        runtime="python2.7",
        exact=True,
        functions="python_legacy",
        suffix=".py",
        deps="iniconfig==1.1.1\n",
        absent_deps="kubeless-package-that-nobody-published==1.0\n",
        returns=PYTHON_LEGACY,
    ),
    Language(
        name="python3.6",
        runtime="python3.6",
        exact=True,
        functions="python_legacy",
        suffix=".py",
        deps="iniconfig==1.1.1\n",
        absent_deps="kubeless-package-that-nobody-published==1.0\n",
        returns=PYTHON_LEGACY,
    ),
    Language(
        name="nodejs",
        runtime="nodejs20",
        suffix=".js",
        deps='{"dependencies": {"ms": "2.1.3"}}',
        absent_deps='{"dependencies": {"@kubeless-nobody/package-that-nobody-published": "1.0.0"}}',
        returns={"null": (200, "null")},
        empty="{}",
    ),
    Language(
        name="ruby",
        runtime="ruby3.1",
        suffix=".rb",
        deps='source "file://{packages}"\ngem "kubeless_used", "1.0.7"\n',
        absent_deps='source "file://{packages}"\ngem "kubeless-package-that-nobody-published"\n',
        packages=make_gems,
        returns={"list": (200, "ab")},
    ),
    Language(
        name="php",
        runtime="php8.2",
        suffix=".php",
        deps=composer("kubeless/used"),
        installer="composer",
        absent_deps=composer("kubeless/package-that-nobody-published"),
        packages=make_composer_packages,
    ),
    Language(
        name="go",
        runtime="go1.26",
        suffix=".go",
        handler="Run",
        deps="module function\n\ngo 1.21\n\nrequire github.com/pkg/errors v0.9.1\n",
        absent_deps="module function\n\nrequire example.com/package-that-nobody-published v1.0.0\n",
        parses_json=False,
        inapplicable={"a missing file": "the source is compiled in; a file's name is of no meaning"},
    ),
    Language(
        name="dotnet",
        runtime="dotnet8",
        suffix=".cs",
        deps=project("Nobody.Package", "1.0.7"),
        absent_deps=project("kubeless-package-that-nobody-published", "1.0.0"),
        packages=make_nuget_packages,
    ),
    Language(
        name="java",
        runtime="java17",
        suffix=".java",
        deps=pom("<groupId>joda-time</groupId><artifactId>joda-time</artifactId><version>2.9.2</version>"),
        absent_deps=pom(
            "<groupId>example</groupId><artifactId>package-that-nobody-published</artifactId><version>1</version>"
        ),
        parses_json=False,
    ),
    Language(
        name="jvm",
        runtime="jvm17",
        suffix=".jar",
        build=make_jar,
        parses_json=False,
        inapplicable={"a dependency is used": "a jar brings its dependencies along"},
    ),
)
