"""
All objects that a function should have.

This is the deciding half of the controller: values in, values out, nothing else is looked at.
"""

from dataclasses import dataclass

from kubeless.api.function import Function
from kubeless.controller.config import Config
from kubeless.controller.desired.autoscaler import desired_autoscaler
from kubeless.controller.desired.configmap import desired_config_map
from kubeless.controller.desired.deployment import CHECKSUM, base_deployment, custom_image, desired_deployment
from kubeless.controller.desired.monitor import desired_monitor
from kubeless.controller.desired.service import desired_service
from kubeless.controller.desired.source import config_map_data, find_source
from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.runtime import Runtime, UnknownRuntime


@dataclass(frozen=True, slots=True)
class Desired:
    """The children of a function."""

    config_map: JsonObject
    service: JsonObject
    deployment: JsonObject
    autoscaler: JsonObject | None
    monitor: JsonObject | None
    """For clusters with the Prometheus operator."""

    @property
    def checksum(self) -> str:
        """What pods made from this deployment carry as their checksum annotation."""
        checksum: str = self.deployment["spec"]["template"]["metadata"]["annotations"][CHECKSUM]
        return checksum


def desired_objects(function: Function, config: Config) -> Desired:
    """
    Decide what a function's children look like.

    Raises UnknownRuntime if neither a known runtime nor an image is named, and InvalidField for what cannot be used.
    """
    runtime = _runtime(function, config)
    source = find_source(function.spec, runtime)
    data = config_map_data(function.spec, source, runtime)
    autoscaler = desired_autoscaler(function)
    return Desired(
        config_map=desired_config_map(function, data),
        service=desired_service(function, default_type=config.service_type),
        deployment=desired_deployment(function, source, runtime, config, data=data, autoscaled=autoscaler is not None),
        autoscaler=autoscaler,
        monitor=desired_monitor(function, autoscaler),
    )


def _runtime(function: Function, config: Config) -> Runtime | None:
    try:
        return config.catalog.resolve(function.spec.runtime)
    except UnknownRuntime:
        # An image of one's own needs no runtime, and may name one that we do not know.
        if custom_image(base_deployment(function, config)):
            return None
        raise
