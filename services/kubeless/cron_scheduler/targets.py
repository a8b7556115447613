"""Which functions a trigger means now."""

from collections.abc import Sequence

from kubeless.api.cronjobtrigger import CronJobTriggerSpec
from kubeless.routing.functions import FunctionRecord
from kubeless.routing.table import RoutingTable


def functions_of(table: RoutingTable, namespace: str, spec: CronJobTriggerSpec) -> Sequence[FunctionRecord]:
    """The named one, or all that are selected; empty if there is none."""
    if spec.function_selector is not None:
        return table.select(namespace, spec.function_selector)
    record = table.function(namespace, spec.function_name)
    return () if record is None else (record,)
