"""Values that answers share."""

import datetime

from kio.static.primitive import i32, i32Timedelta

NO_WAIT = i32Timedelta.parse(datetime.timedelta(0))
"""How long a client shall wait before its next request: it is never throttled."""

LEADER_EPOCH = i32(0)
"""There was never another leader."""
