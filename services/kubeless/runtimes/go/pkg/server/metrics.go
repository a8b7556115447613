package server

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"sync"
	"time"
)

const metricsType = "text/plain; version=0.0.4; charset=utf-8"

var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// metrics counts calls by HTTP method, under the names of the original.
type metrics struct {
	mutex   sync.Mutex
	methods map[string]*counts
}

type counts struct {
	calls, failures uint64
	seconds         float64
	buckets         []uint64 // not cumulated
}

// record a call that is over.
func (m *metrics) record(method string, duration time.Duration, failed bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	one := m.of(method)
	one.calls++
	if failed {
		one.failures++
	}
	one.seconds += duration.Seconds()
	if index := sort.SearchFloat64s(buckets, duration.Seconds()); index < len(buckets) {
		one.buckets[index]++
	}
}

// of bounds how many methods there are: a client may send any.
func (m *metrics) of(method string) *counts {
	const most = 32
	if m.methods == nil {
		m.methods = map[string]*counts{}
	}
	if m.methods[method] == nil {
		if len(m.methods) >= most {
			method = "OTHER"
		}
		if m.methods[method] == nil {
			m.methods[method] = &counts{buckets: make([]uint64, len(buckets))}
		}
	}
	return m.methods[method]
}

// page is what Prometheus reads.
func (m *metrics) page() []byte {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	names := make([]string, 0, len(m.methods))
	for name := range m.methods {
		names = append(names, name)
	}
	sort.Strings(names)
	page := &bytes.Buffer{}
	family(page, "function_duration_seconds", "histogram", "Duration of user function in seconds")
	for _, name := range names {
		m.methods[name].histogram(page, name)
	}
	family(page, "function_calls_total", "counter", "Number of calls to user function")
	for _, name := range names {
		fmt.Fprintf(page, "function_calls_total{method=%q} %d\n", name, m.methods[name].calls)
	}
	family(page, "function_failures_total", "counter", "Number of exceptions in user function")
	for _, name := range names {
		fmt.Fprintf(page, "function_failures_total{method=%q} %d\n", name, m.methods[name].failures)
	}
	return page.Bytes()
}

func family(page *bytes.Buffer, name, kind, help string) {
	fmt.Fprintf(page, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (c *counts) histogram(page *bytes.Buffer, method string) {
	const name = "function_duration_seconds"
	total := uint64(0)
	for index, bound := range buckets {
		total += c.buckets[index]
		le := strconv.FormatFloat(bound, 'f', -1, 64)
		if bound == float64(int(bound)) {
			le += ".0"
		}
		fmt.Fprintf(page, "%s_bucket{le=%q,method=%q} %d\n", name, le, method, total)
	}
	fmt.Fprintf(page, "%s_bucket{le=\"+Inf\",method=%q} %d\n", name, method, c.calls)
	fmt.Fprintf(page, "%s_count{method=%q} %d\n", name, method, c.calls)
	fmt.Fprintf(page, "%s_sum{method=%q} %v\n", name, method, c.seconds)
}
