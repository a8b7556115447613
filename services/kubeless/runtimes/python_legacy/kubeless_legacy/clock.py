"""The time that deadlines are made of; Python 2 has no clock that nobody can set."""

import time

now = getattr(time, "monotonic", time.time)
