"""
Find the cluster to talk to, and who we are there.

The order is kubectl's with the pod's own account in between: the argument, `KUBECONFIG`, the service account of the pod
we run in, `~/.kube/config`. Reading the formats (client certificates, tokens, exec plugins, OIDC) is left to
kubernetes_asyncio; this module turns what it found into a `Connection` and keeps the credentials fresh.
"""

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from kubeless.kube.errors import NotConfigured
from kubeless.kube.import_light import load

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

RECHECK = 60.0
"""Seconds after which a credential that can change without notice (a token file, an OIDC token) is read again."""

TOKEN_FILE = "KUBELESS_TOKEN_FILE_PATH"  # noqa: S105 # the name of a variable
"""Variable that names the file of a token to use inside a pod, as the Go controllers had it."""

PLUGIN_TIMEOUT = 120.0
"""Seconds for an exec plugin to hand out a token; it may be waiting for a person to log in."""

EXPIRY_MARGIN = 30.0
"""Seconds before its expiry at which an exec plugin's token is replaced."""


@dataclass(frozen=True, slots=True)
class KubeconfigFiles:
    """Talk to the cluster of a context in these files, separated as in `KUBECONFIG`."""

    paths: str
    context: str | None = None


@dataclass(frozen=True, slots=True)
class InCluster:
    """Talk to the cluster this pod runs in."""

    account: Path = SERVICE_ACCOUNT
    token: Path | None = None
    """File of a token to use in place of the account's own."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a source says at one moment. `expires` is on the clock of `time.time()`."""

    configuration: Any
    """A `kubernetes_asyncio` Configuration."""
    namespace: str
    expires: float | None = None

    @property
    def authorization(self) -> str | None:
        """The value of the Authorization header."""
        token = self.configuration.api_key.get("BearerToken")
        return str(token).strip() if token else None


def choose_source(
    *, kubeconfig: str | None, context: str | None, environ: Mapping[str, str], account: Path = SERVICE_ACCOUNT
) -> KubeconfigFiles | InCluster:
    """Decide where the configuration comes from; raises `NotConfigured` if there is none."""
    if kubeconfig:
        return _existing(kubeconfig, context, "--kubeconfig")
    if environ.get("KUBECONFIG"):
        return _existing(environ["KUBECONFIG"], context, "KUBECONFIG")
    if context is None and environ.get("KUBERNETES_SERVICE_HOST") and (account / "token").is_file():
        token = environ.get(TOKEN_FILE)
        return InCluster(account, Path(token) if token else None)
    default = Path(environ.get("HOME") or Path.home()) / ".kube" / "config"
    if default.is_file():
        return KubeconfigFiles(str(default), context)
    raise NotConfigured(
        f"no cluster is configured: neither KUBECONFIG nor {default} exists; "
        "run `kubeless local up`, set KUBECONFIG or pass --kubeconfig"
    )


def _existing(paths: str, context: str | None, origin: str) -> KubeconfigFiles:
    if not any(path and Path(path).expanduser().is_file() for path in paths.split(os.pathsep)):
        raise NotConfigured(f"{origin}: there is no file {paths}; name an existing kubeconfig")
    return KubeconfigFiles(paths, context)


async def read_identity(source: KubeconfigFiles | InCluster) -> Identity:
    """Read server, account and namespace, running the exec plugin if there is one; raises `NotConfigured`."""
    try:
        if isinstance(source, InCluster):
            return _read_in_cluster(source)
        async with asyncio.timeout(PLUGIN_TIMEOUT):
            return await _read_files(source)
    except Exception as error:
        # The loaders raise whatever comes along (KeyError, TypeError, yaml errors) on files they cannot use.
        origin = source.paths if isinstance(source, KubeconfigFiles) else f"service account {source.account}"
        raise NotConfigured(f"{origin}: cannot be used: {error or type(error).__name__}") from error


def _read_in_cluster(source: InCluster) -> Identity:
    loader_class = load("config.incluster_config").InClusterConfigLoader
    configuration = load("client.configuration").Configuration()
    account = source.account
    token = source.token or account / "token"
    loader_class(str(token), str(account / "ca.crt"), try_refresh_token=False).load_and_set(configuration)
    namespace_file = account / "namespace"
    namespace = namespace_file.read_text().strip() if namespace_file.is_file() else ""
    return Identity(configuration, namespace or "default", expires=time.time() + RECHECK)


async def _read_files(source: KubeconfigFiles) -> Identity:
    kube_config = load("config.kube_config")
    configuration = load("client.configuration").Configuration()
    merged = kube_config.KubeConfigMerger(source.paths).config
    loader = kube_config.KubeConfigLoader(config_dict=merged, config_base_path=None, active_context=source.context)
    if loader._user is None:
        # A context without a user is fine for kubectl; the loader looks for certificates in it all the same.
        loader._user = kube_config.ConfigNode("user", {})
    await loader.load_and_set(configuration)
    context = loader.current_context["context"]
    return Identity(configuration, str(context.get("namespace") or "default"), expires=_expiry(loader))


def _expiry(loader: Any) -> float | None:
    """When to ask again: an exec plugin says so, files and OIDC tokens change without saying."""
    if hasattr(loader, "exec_plugin_expiry"):
        return float(loader.exec_plugin_expiry.timestamp()) - EXPIRY_MARGIN
    if loader.provider or "tokenFile" in loader._user:
        return time.time() + RECHECK
    return None


class Authorizer(Protocol):
    """Who we are, for one request."""

    async def authorization(self) -> str | None:
        """The header's value, or None for a client certificate or an anonymous account."""

    async def renew(self, refused: str | None) -> bool:
        """Get something newer than what the server refused; False if there is nothing."""


class Credentials:
    """The Authorization header, renewed when it expires or when the server refuses it."""

    def __init__(
        self,
        identity: Identity,
        reread: Callable[[], Awaitable[Identity]],
        tls: ssl.SSLContext | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._reread = reread
        self._tls = tls
        self._clock = clock
        self._renewing = asyncio.Lock()

    async def authorization(self) -> str | None:
        """The header's value, or None for a client certificate or an anonymous account."""
        if self._is_expired():
            async with self._renewing:
                if self._is_expired():
                    await self._renew()
        return self._identity.authorization

    async def renew(self, refused: str | None) -> bool:
        """Read the source again after the server refused `refused`; False if it says the same as before."""
        async with self._renewing:
            if self._identity.authorization != refused:
                return True
            before = self._identity
            await self._renew()
            return before.authorization != self._identity.authorization or _certificate(before) != _certificate(
                self._identity
            )

    def _is_expired(self) -> bool:
        expires = self._identity.expires
        return expires is not None and self._clock() >= expires

    async def _renew(self) -> None:
        before, self._identity = self._identity, await self._reread()
        certificate, key = _certificate(self._identity)
        if self._tls is not None and certificate and (certificate, key) != _certificate(before):
            # New connections use the new certificate; those that are open have proven who they are.
            self._tls.load_cert_chain(certificate, key)


def _certificate(identity: Identity) -> tuple[str | None, str | None]:
    return identity.configuration.cert_file, identity.configuration.key_file


def make_tls(configuration: Any, *, with_certificate: bool = True) -> ssl.SSLContext:
    """The TLS settings of a `kubernetes_asyncio` Configuration; raises OSError if its files are not certificates."""
    tls = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    # Python 3.13 began to insist on extensions that cluster authorities made by older installers lack.
    # Neither kubectl nor any Go client asks for them.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if with_certificate and configuration.cert_file:
        tls.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    return tls


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one API server."""

    server: str
    """Base URL without a trailing slash."""
    namespace: str = "default"
    """Used where a request names none."""
    tls: ssl.SSLContext | None = None
    tls_for_others: ssl.SSLContext | None = None
    """Without a client certificate, which would go before anybody's token."""
    server_name: str | None = None
    """The name expected in the server's certificate, if it is not the host of the URL."""
    proxy: str | None = None
    credentials: Authorizer | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request, such as those that impersonate somebody."""


async def find_connection(
    *, kubeconfig: str | None = None, context: str | None = None, environ: Mapping[str, str]
) -> Connection:
    """Find and read the configuration; raises `NotConfigured`."""
    source = choose_source(kubeconfig=kubeconfig, context=context, environ=environ)
    identity = await read_identity(source)
    configuration = identity.configuration
    try:
        encrypted = configuration.host.startswith("https:")
        tls = make_tls(configuration) if encrypted else None
        tls_for_others = make_tls(configuration, with_certificate=False) if encrypted else None
    except OSError as error:
        raise NotConfigured(f"the certificates for {configuration.host} cannot be used: {error}") from error
    return Connection(
        server=configuration.host.rstrip("/"),
        namespace=identity.namespace,
        tls=tls,
        tls_for_others=tls_for_others,
        server_name=configuration.tls_server_name,
        proxy=configuration.proxy,
        credentials=Credentials(identity, lambda: read_identity(source), tls),
    )
