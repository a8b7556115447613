"""All contract cases, in the order of the matrix."""

from runtimes.case import Table
from runtimes.cases_data import data, returned
from runtimes.cases_event import event
from runtimes.cases_failure import failure, life, together
from runtimes.cases_http import http, metrics

TABLES: tuple[Table, ...] = (data, returned, event, http, failure, together, metrics, life)
CASES = [case for table in TABLES for case in table.cases]
