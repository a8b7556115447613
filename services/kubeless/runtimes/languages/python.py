"""The Python runtimes: those of the original project, and every version the interpreter's authors support."""

from kubeless.runtimes.runtime import Phase, Runtime

VERSIONS = ("2.7", "3.4", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")

_INSTALL = 'pip install --no-cache-dir --prefix="$KUBELESS_INSTALL_VOLUME" -r "$KUBELESS_DEPS_FILE"'


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images of functions' servers below `registry` (such as `kubeless` or `example.com/team`)."""
    return [_runtime(version, registry) for version in VERSIONS]


def _runtime(version: str, registry: str) -> Runtime:
    packages = f"$(KUBELESS_INSTALL_VOLUME)/lib/python{version}/site-packages"
    return Runtime(
        id=f"python{version}",
        language="python",
        version=version,
        dep_name="requirements.txt",
        suffix=".py",
        install=Phase(image=f"python:{version}", command=_INSTALL),
        run=Phase(
            image=f"{registry}/python:{version}",
            env={"PYTHONPATH": f"{packages}:$(KUBELESS_INSTALL_VOLUME)"},
        ),
    )
