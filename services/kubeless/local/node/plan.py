"""
From a pod's spec to commands that can be started.

A plan is made anew for every start of a container, as ConfigMaps may have changed and a missing runtime may have been
installed. Until one can be made the container waits and says for what.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from kubeless.core.errors import InvalidField, KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError
from kubeless.local.node.addresses import PodAddress
from kubeless.local.node.configuration import Configuration, fetch_configuration
from kubeless.local.node.containerstate import ContainerRecord, Waiting
from kubeless.local.node.environment import PodFacts, container_environment, inherited
from kubeless.local.node.events import EventRecorder
from kubeless.local.node.execution import Habitat
from kubeless.local.node.folders import PodFolder
from kubeless.local.node.mounts import Mounts, mounts_of
from kubeless.local.node.podstatus import PodRecord
from kubeless.local.node.prepare import INSTALL_VOLUME
from kubeless.local.node.process import Command
from kubeless.local.node.settings import NodeSettings
from kubeless.local.node.usage import UsageMeter
from kubeless.local.node.volumes import plan_volumes, write_volumes
from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.localruntime import LocalRuntime, RuntimeNotAvailable
from kubeless.runtimes.locate import locate
from kubeless.runtimes.runtime import Runtime, UnknownRuntime

T = TypeVar("T")

_CONFIGURATION_PAUSE = 1.0
_RUNTIME_PAUSE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTools:
    """What every pod of a node uses."""

    settings: NodeSettings
    client: KubeClient
    events: EventRecorder
    runtimes: "RuntimeFinder"
    usage: UsageMeter


@dataclass(slots=True, kw_only=True)
class PodContext:
    """One pod while it is on this node; shared by the tasks that run its containers."""

    tools: NodeTools
    pod: JsonObject
    folder: PodFolder
    address: PodAddress
    record: PodRecord
    changed: Callable[[], None]
    """To be called after each change of `record`."""
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the files of volumes are written."""
    habitats: dict[str, Habitat] = field(default_factory=dict)
    """Where the main containers live that run now, by name."""
    grace: float = 30.0
    """Seconds for the pod's processes to end once their tasks are cancelled."""

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell people about this pod."""
        self.tools.events.record(self.pod, reason, message, warning=warning)

    @property
    def restart_policy(self) -> str:
        """Always, OnFailure or Never."""
        return str(self.pod["spec"].get("restartPolicy", "Always"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPlan:
    """All that commands of a pod are made of."""

    context: PodContext
    configuration: Configuration
    runtime: LocalRuntime


@dataclass(slots=True)
class RuntimeFinder:
    """Finds the interpreter of each runtime once; what is missing is looked for again each time."""

    locate: Callable[[Runtime], LocalRuntime] = locate
    _found: dict[str, LocalRuntime] = field(default_factory=dict)

    async def find(self, runtime_id: str) -> LocalRuntime:
        """Raises UnknownRuntime or RuntimeNotAvailable."""
        if runtime_id not in self._found:
            self._found[runtime_id] = await asyncio.to_thread(self.locate, resolve(runtime_id))
        return self._found[runtime_id]


def runtime_id_of(pod: JsonObject) -> str:
    """The function runtime of the pod's first container; "" if that runs something else."""
    containers = pod["spec"].get("containers") or [{}]
    values = {variable.get("name"): variable.get("value") for variable in containers[0].get("env") or []}
    return str(values.get("FUNC_RUNTIME") or "")


async def make_plan(context: PodContext) -> PodPlan:
    """
    Fetch, look up and write what the pod's containers need to start.

    Raises:
        KubelessError: what is missing.
    """
    runtime = await context.tools.runtimes.find(runtime_id_of(context.pod))
    return PodPlan(context=context, configuration=await fill_volumes(context), runtime=runtime)


async def fill_volumes(context: PodContext) -> Configuration:
    """
    Bring the files of the pod's volumes up to date; what they were made of is returned.

    Raises:
        KubelessError: what is missing.
    """
    async with context.writing:
        configuration = await fetch_configuration(context.tools.client, context.pod)
        volumes = plan_volumes(context.pod, configuration)
        try:
            await asyncio.to_thread(write_volumes, context.folder, volumes)
        except OSError as error:
            raise KubelessError(f"cannot write the pod's volumes: {error}") from error
    return configuration


async def until_planned(context: PodContext, container: ContainerRecord, build: Callable[[PodPlan], T]) -> T:
    """Make a plan and with it what `build` makes; while that is impossible, `container` waits and says why."""
    while True:
        try:
            return build(await make_plan(context))
        except (UnknownRuntime, RuntimeNotAvailable) as error:
            reason, message, pause = "RuntimeNotAvailable", str(error), _RUNTIME_PAUSE
        except KubeError as error:
            reason, message, pause = "ContainerCreating", str(error), _CONFIGURATION_PAUSE
        except KubelessError as error:
            reason, message, pause = "CreateContainerConfigError", str(error), _CONFIGURATION_PAUSE
        container.state = Waiting(reason, message)
        context.changed()
        context.event("Failed", f"Error: {message}", warning=True)
        await asyncio.sleep(pause)


def container_command(plan: PodPlan, container: JsonObject, *, restart: int) -> Command:
    """The server of the function in a main container."""
    return _command(plan, container, plan.runtime.run, restart=restart)


def step_command(plan: PodPlan, container: JsonObject, step: Sequence[str], *, restart: int) -> Command:
    """A step of the runtime (install, compile) in an init container."""
    return _command(plan, container, step, restart=restart)


def plain_environment(plan: PodPlan, container: JsonObject) -> dict[str, str]:
    """The variables that the container's spec asks for, with the paths of the container."""
    context = plan.context
    facts = PodFacts(context.pod, context.address.host, context.record.host_ip)
    return container_environment(container, facts, plan.configuration)


def _command(plan: PodPlan, container: JsonObject, arguments: Sequence[str], *, restart: int) -> Command:
    context = plan.context
    settings = context.tools.settings
    mounts = mounts_of(container, context.folder)
    volume = mounts.real(INSTALL_VOLUME)
    if volume is None:
        raise InvalidField(
            "volumeMounts", "", problem=f"nothing is mounted at {INSTALL_VOLUME}", remedy="mount an emptyDir there"
        )
    environ = _environment(plan, container, mounts)
    places = {"{volume}": str(volume), "{deps}": environ.get("KUBELESS_DEPS_FILE", "")}
    environ |= {name: fill(value, places) for name, value in plan.runtime.env.items()}
    name = container["name"]
    return Command(
        arguments=[fill(argument, places) for argument in arguments],
        environ=environ,
        folder=volume,
        process_file=context.folder.process_file(name, restart),
        log_prefix=context.folder.log_prefix(name, restart),
        segment_bytes=settings.log_segment_bytes,
        segments=settings.log_segments,
    )


def _environment(plan: PodPlan, container: JsonObject, mounts: Mounts) -> dict[str, str]:
    context = plan.context
    own = {name: mounts.rewrite(value) for name, value in plain_environment(plan, container).items()}
    if context.address.ports and own.get("FUNC_PORT", "").isdigit():
        own["FUNC_PORT"] = str(context.address.port(int(own["FUNC_PORT"])))
    return {
        **inherited(context.tools.settings.environ),
        "TMPDIR": str(context.folder.temporary),
        **own,
        "KUBELESS_INSTALL_VOLUME": mounts.rewrite(INSTALL_VOLUME),
        "FUNC_HOST": context.address.host,
    }


def fill(template: str, places: Mapping[str, str]) -> str:
    """Replace the placeholders of a runtime's template; other braces stay."""
    for placeholder, value in places.items():
        template = template.replace(placeholder, value)
    return template
