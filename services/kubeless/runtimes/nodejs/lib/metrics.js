'use strict';

/** Counts by HTTP method, in Prometheus' text format, with the names of the original runtime. */

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

class Metrics {
    constructor() {
        this.methods = new Map();
        this.replacedThreads = 0;
    }

    /** One call that is over; `duration` in seconds. */
    record(method, duration, failed) {
        let one = this.methods.get(method);
        if (!one) {
            one = { calls: 0, failures: 0, seconds: 0, buckets: new Array(BUCKETS.length).fill(0) };
            this.methods.set(method, one);
        }
        one.calls += 1;
        one.failures += failed ? 1 : 0;
        one.seconds += duration;
        const bucket = BUCKETS.findIndex((bound) => duration <= bound);
        if (bucket >= 0) one.buckets[bucket] += 1;
    }

    render() {
        const lines = family('function_duration_seconds', 'histogram', 'Duration of user function in seconds');
        this.each((method, one) => lines.push(...histogram(method, one)));
        lines.push(...family('function_calls_total', 'counter', 'Number of calls to user function'));
        this.each((method, one) => lines.push(`function_calls_total{method="${method}"} ${one.calls}`));
        lines.push(...family('function_failures_total', 'counter', 'Number of exceptions in user function'));
        this.each((method, one) => lines.push(`function_failures_total{method="${method}"} ${one.failures}`));
        lines.push(...family('function_workers_replaced_total', 'counter', 'Number of threads that ended unasked'));
        lines.push(`function_workers_replaced_total ${this.replacedThreads}`);
        return `${lines.join('\n')}\n`;
    }

    each(visit) {
        this.methods.forEach((one, method) => visit(method, one));
    }
}

function family(name, kind, text) {
    return [`# HELP ${name} ${text}`, `# TYPE ${name} ${kind}`];
}

function histogram(method, one) {
    const name = 'function_duration_seconds';
    let count = 0;
    const lines = BUCKETS.map((bound, index) => {
        count += one.buckets[index];
        const label = Number.isInteger(bound) ? `${bound}.0` : bound;
        return `${name}_bucket{le="${label}",method="${method}"} ${count}`;
    });
    lines.push(`${name}_bucket{le="+Inf",method="${method}"} ${one.calls}`);
    lines.push(`${name}_count{method="${method}"} ${one.calls}`);
    lines.push(`${name}_sum{method="${method}"} ${one.seconds}`);
    return lines;
}

module.exports = { CONTENT_TYPE, Metrics };
