"""
Apache Kafka itself, one node in KRaft mode on free loopback ports: the truth that our own broker is held to.

`RealKafka` is blocking, for use from fixtures; a test in asyncio calls it in a thread, as in
`await asyncio.to_thread(kafka.kill)`. After `stop` or `kill`, `start` brings it back on the same ports with the same
data. It logs to `kafka.log` in its folder.
"""

import contextlib
import socket
import subprocess
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from support.certificates import Certificate, CertificateAuthority
from support.kafkajars import java_program, kafka_jars

Listener = Literal["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"]

USERNAME = "kubeless"
PASSWORD = "not-a-secret"

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 30.0

# A short life on a small machine: start fast, keep small.
_JVM = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

_LOG4J = """\
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
"""

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    # A broker that was killed may come back only when the session of its former life is over.
    "broker.heartbeat.interval.ms": "200",
    "broker.session.timeout.ms": "1000",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "100",
    "log.cleaner.dedupe.buffer.size": "4194304",
    # Records of tests are as old as the test says.
    "log.retention.ms": "-1",
    "log.segment.delete.delay.ms": "100",
    "num.io.threads": "2",
    "num.network.threads": "2",
    "offsets.topic.num.partitions": "2",
    "offsets.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "transaction.state.log.replication.factor": "1",
}

_PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class KafkaFailed(Exception):
    """Kafka ended or did not become ready; the message has the end of its log."""


class RealKafka:
    """Apache Kafka, running while entered, with the listeners asked for; PLAINTEXT is always there."""

    def __init__(
        self, folder: Path, *, listeners: Iterable[Listener] = (), settings: Mapping[str, str] | None = None
    ) -> None:
        """
        Args:
            folder: its own, for data, configuration, log and certificates.
            listeners: those wanted beside PLAINTEXT. SASL ones take PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 with
                `USERNAME` and `PASSWORD`; TLS ones present a certificate of `authority` and take clients' ones of it.
            settings: lines for `server.properties`, over the ones for tests.

        Raises:
            KafkaUnavailable: this machine cannot run it.
            NoOpenSsl: a TLS listener was asked for and there is nothing to make its certificate.
        """
        self._jars = kafka_jars()
        self._folder = folder
        self._listeners: list[Listener] = ["PLAINTEXT", *sorted(set(listeners) - {"PLAINTEXT"})]
        self._ports = dict(zip([*self._listeners, "CONTROLLER"], _free_ports(len(self._listeners) + 1), strict=True))
        self._process: subprocess.Popen[bytes] | None = None
        self.authority: CertificateAuthority | None = None
        self._prepare(settings or {})

    @property
    def bootstrap(self) -> str:
        """Address of the PLAINTEXT listener."""
        return self.address("PLAINTEXT")

    def address(self, listener: Listener) -> str:
        """Address of a listener that was asked for."""
        return f"127.0.0.1:{self._ports[listener]}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """
        Start it and wait until it takes connections, about three seconds.

        Raises:
            KafkaFailed: it did not.
        """
        with (self._folder / "kafka.log").open("ab") as log:
            self._process = subprocess.Popen(self._java("kafka.Kafka", self._settings_file), stdout=log, stderr=log)
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise KafkaFailed(self._log_end())
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in order, as an operator does."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_TIMEOUT)
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _prepare(self, settings: Mapping[str, str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "log4j2.properties").write_text(_LOG4J)
        lines = {**_SETTINGS, **self._listener_settings(), "log.dirs": str(self._folder / "data"), **settings}
        if any(listener in ("SSL", "SASL_SSL") for listener in self._listeners):
            lines |= self._tls_settings()
        self._settings_file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        self._format()

    def _listener_settings(self) -> dict[str, str]:
        places = {name: f"{name}://127.0.0.1:{port}" for name, port in self._ports.items()}
        protocols = [f"{listener}:{listener}" for listener in self._listeners]
        settings = {
            "listeners": ",".join(places.values()),
            "advertised.listeners": ",".join(places[listener] for listener in self._listeners),
            "listener.security.protocol.map": ",".join([*protocols, "CONTROLLER:PLAINTEXT"]),
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self._ports['CONTROLLER']}",
        }
        for listener in self._listeners:
            if listener.startswith("SASL_"):
                settings |= _sasl_settings(listener)
        return settings

    def _tls_settings(self) -> dict[str, str]:
        self.authority = CertificateAuthority(self._folder / "certificates")
        store = _key_store(self.authority.sign("broker"), self._folder / "broker-store.pem")
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(store),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.certificate),
            "ssl.client.auth": "requested",
        }

    def _format(self) -> None:
        user = f"[name={USERNAME},password={PASSWORD}]"
        users = [f"--add-scram=SCRAM-SHA-{bits}={user}" for bits in (256, 512)]
        tool = self._java("kafka.tools.StorageTool", "format", "--standalone", "-t", _cluster_id())
        done = subprocess.run(
            [*tool, "-c", self._settings_file, *users], capture_output=True, text=True, timeout=_START_TIMEOUT
        )
        if done.returncode:
            raise KafkaFailed(done.stdout + done.stderr)

    @property
    def _settings_file(self) -> Path:
        return self._folder / "server.properties"

    def _java(self, main: str, *arguments: str | Path) -> list[str | Path]:
        logging = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}"
        return [java_program(), *_JVM, logging, "-cp", f"{self._jars}/*", main, *arguments]

    def _accepts(self) -> bool:
        """Whether all listeners take connections, which they do only when the broker is ready for requests."""
        return all(_connects(self._ports[listener]) for listener in self._listeners)

    def _log_end(self) -> str:
        return (self._folder / "kafka.log").read_text(errors="replace")[-2000:]


def _sasl_settings(listener: Listener) -> dict[str, str]:
    prefix = f"listener.name.{listener.lower()}"
    plain = f'{_PLAIN_MODULE} user_{USERNAME}="{PASSWORD}";'
    return {
        f"{prefix}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        f"{prefix}.plain.sasl.jaas.config": plain,
        f"{prefix}.scram-sha-256.sasl.jaas.config": _SCRAM_MODULE,
        f"{prefix}.scram-sha-512.sasl.jaas.config": _SCRAM_MODULE,
    }


def _key_store(certificate: Certificate, path: Path) -> Path:
    path.write_text(certificate.key.read_text() + certificate.certificate.read_text())
    return path


def _cluster_id() -> str:
    return uuid.uuid4().hex[:22]


def _free_ports(count: int) -> list[int]:
    """Distinct ports that are free now; all are held until the last is found."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True
