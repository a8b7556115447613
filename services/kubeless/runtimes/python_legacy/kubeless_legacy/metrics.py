"""Counts by HTTP method, in Prometheus' text format, with the names of the original runtime."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Counts(object):
    def __init__(self):
        self.calls = 0
        self.failures = 0
        self.seconds = 0.0
        self.buckets = [0] * len(BUCKETS)


class Metrics(object):
    """Of one server."""

    def __init__(self):
        self._methods = {}
        self.replaced_workers = 0

    def record(self, method, duration, failed):
        """One call that is over. Methods that nobody knows share one line: clients choose them."""
        one = self._methods.setdefault(method if method in METHODS else "OTHER", _Counts())
        one.calls += 1
        one.failures += bool(failed)
        one.seconds += duration
        for index, bound in enumerate(BUCKETS):
            if duration <= bound:
                one.buckets[index] += 1
                break

    def render(self):
        """The page for `GET /metrics`."""
        counts = sorted(self._methods.items())
        lines = _family("function_duration_seconds", "histogram", "Duration of user function in seconds")
        for method, one in counts:
            lines += _histogram(method, one)
        lines += _family("function_calls_total", "counter", "Number of calls to user function")
        lines += ['function_calls_total{method="%s"} %d' % (method, one.calls) for method, one in counts]
        lines += _family("function_failures_total", "counter", "Number of exceptions in user function")
        lines += ['function_failures_total{method="%s"} %d' % (method, one.failures) for method, one in counts]
        lines += _family("function_workers_replaced_total", "counter", "Number of worker processes that ended unasked")
        lines.append("function_workers_replaced_total %d" % self.replaced_workers)
        return "\n".join(lines) + "\n"


def _histogram(method, one):
    name = "function_duration_seconds"
    lines = []
    count = 0
    for bound, calls in zip(BUCKETS, one.buckets):
        count += calls
        lines.append('%s_bucket{le="%r",method="%s"} %d' % (name, bound, method, count))
    lines.append('%s_bucket{le="+Inf",method="%s"} %d' % (name, method, one.calls))
    lines.append('%s_count{method="%s"} %d' % (name, method, one.calls))
    lines.append('%s_sum{method="%s"} %r' % (name, method, one.seconds))
    return lines


def _family(name, kind, text):
    return ["# HELP %s %s" % (name, text), "# TYPE %s %s" % (name, kind)]
