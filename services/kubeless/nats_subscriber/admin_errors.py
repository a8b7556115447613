"""The one table of what the errors of NATS mean to a person who typed a command."""

import nats.errors as nats

from kubeless.delivery.admin import errors
from kubeless.delivery.admin.errors import AdminError, Meaning
from kubeless.nats_subscriber.foreign import BrokerUnavailable, describe
from kubeless.nats_subscriber.jetstream import JetStreamRefused, JetStreamUnavailable

_AWAY = "no NATS server answers; check that it runs and that NATS_URL of the service names it"

_MEANINGS = (
    Meaning(JetStreamUnavailable, 503, "NoJetStream", "JetStream is not there; start the server with -js"),
    Meaning(JetStreamRefused, 502, "JetStreamError", "JetStream refuses it"),
    Meaning(BrokerUnavailable, 503, "BrokerUnavailable", _AWAY),
    Meaning(nats.MaxPayloadError, 413, "TooLarge", "larger than the server takes; see its max_payload"),
    Meaning(nats.NoRespondersError, 404, "NoResponders", "nobody listens there; see 'kubeless trigger nats list'"),
    Meaning(nats.TimeoutError, 504, "NoReply", "no reply came in time; give it longer with --timeout"),
    Meaning(nats.BadHeaderError, 400, "InvalidHeader", "NATS does not take these headers"),
    Meaning(nats.Error, 502, "NatsError", "NATS answered {error}"),
    Meaning(OSError, 503, "BrokerUnavailable", _AWAY),
)


def explain(error: Exception, subject: str) -> AdminError:
    """
    The answer to an error of NATS or of the input, told about `subject`, such as `subject "bills.new"`.

    An error that nobody foresaw is raised again: it is a defect.
    """
    return errors.explain(error, subject, _MEANINGS, said=describe)
