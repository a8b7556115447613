"""
The Node.js runtimes: the original ones with their variants, and every version since.

`nodejs_distroless` differs by its image alone. `nodejsCE` hands CloudEvents to the function.
"""

from pathlib import Path

from kubeless.runtimes.languages.language import Language, ends
from kubeless.runtimes.localruntime import LocalRuntime, Which
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain, find, parse_version

VERSIONS = {
    "6": "2019-04-30",
    "8": "2019-12-31",
    "10": "2021-04-30",
    "12": "2022-04-30",
    "14": "2023-04-30",
    "16": "2023-09-11",
    "18": "2025-04-30",
    "19": "2023-06-01",
    "20": "2026-04-30",
    "21": "2024-06-01",
    "22": "2027-04-30",
    "23": "2025-06-01",
    "24": "2028-04-30",
}
"""With the day of their end of life (nodejs.org/en/about/previous-releases)."""

DISTROLESS = ("8", "20", "22", "24")
CLOUD_EVENTS = ("8", "20", "22", "24")

OLDEST_SERVED = "12"
"""The server needs threads, which Node.js has since this version: older ids run on it."""

TOOLCHAIN = Toolchain(
    title="Node.js",
    programs=("node{version}", "nodejs{version}", "node", "nodejs"),
    oldest=parse_version(OLDEST_SERVED),
    package="apt install nodejs npm",
)

_SERVER = Path(__file__).parents[1] / "nodejs" / "server.js"

# NPM_CONFIG_EXTRA is meant to be split into words, as it was by the original image.
_INSTALL = """\
export HOME="${TMPDIR:-/tmp}" npm_config_update_notifier=false
if [ -n "$NPM_REGISTRY" ]; then npm config set "${NPM_SCOPE:+$NPM_SCOPE:}registry" "$NPM_REGISTRY"; fi
if [ -n "$NPM_CONFIG_EXTRA" ]; then npm config set $NPM_CONFIG_EXTRA; fi
npm install --production --no-audit --no-fund --prefix="$KUBELESS_INSTALL_VOLUME"
"""
_CLOUD_EVENTS = {"FUNC_EVENT_FORMAT": "cloudevents"}


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images below `registry`."""
    return [
        *(_runtime("nodejs", version, f"{registry}/nodejs") for version in VERSIONS),
        *(_runtime("nodejs_distroless", version, f"{registry}/nodejs-distroless") for version in DISTROLESS),
        *(_runtime("nodejsCE", version, f"{registry}/nodejs", _CLOUD_EVENTS) for version in CLOUD_EVENTS),
    ]


def _runtime(language: str, version: str, image: str, env: dict[str, str] | None = None) -> Runtime:
    served = OLDEST_SERVED if int(version) < int(OLDEST_SERVED) else version
    return Runtime(
        id=f"{language}{version}",
        language=language,
        version=version,
        dep_name="package.json",
        suffix=".js",
        install=Phase(image=f"node:{served}", command=_INSTALL),
        run=Phase(
            image=f"{image}:{served}", env={"NODE_PATH": "$(KUBELESS_INSTALL_VOLUME)/node_modules", **(env or {})}
        ),
        end_of_life=ends(VERSIONS, version),
    )


def locate(runtime: Runtime, which: Which) -> LocalRuntime:
    """Find Node.js and npm. Raises RuntimeNotAvailable."""
    node, warning = find(TOOLCHAIN, runtime, versions=tuple(VERSIONS), which=which)
    npm = Path(node.path).with_name("npm")
    return LocalRuntime(
        interpreter=node.path,
        version=".".join(str(part) for part in node.version),
        warning=warning,
        install=(
            str(npm) if npm.exists() else which("npm") or "npm",
            *("install", "--omit=dev", "--no-audit", "--no-fund", "--no-progress", "--no-update-notifier"),
            *("--loglevel=error", "--prefix", "{volume}"),
        ),
        run=(node.path, str(_SERVER)),
        env={
            "NODE_PATH": "{volume}/node_modules",
            **(_CLOUD_EVENTS if runtime.language == "nodejsCE" else {}),
        },
    )


LANGUAGE = Language(runtimes=runtimes, locate=dict.fromkeys(("nodejs", "nodejs_distroless", "nodejsCE"), locate))
