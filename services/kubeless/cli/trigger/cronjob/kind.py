"""What the commands call a cronjob trigger, for what all kinds of triggers have in common."""

from kubeless.api.resource import CRONJOB_TRIGGERS
from kubeless.cli.livenames import complete_cronjob_triggers
from kubeless.cli.trigger.kind import TriggerKind

CRONJOB = TriggerKind(CRONJOB_TRIGGERS, "cronjob", "cronjob trigger name", complete_cronjob_triggers)
