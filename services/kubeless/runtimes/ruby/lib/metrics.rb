# frozen_string_literal: true

module Kubeless
  # Counts by HTTP method, in Prometheus' text format, with the names of the original runtime.
  class Metrics
    BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0].freeze
    METHODS = %w[GET POST PUT PATCH DELETE HEAD OPTIONS].freeze
    CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
    Counts = Struct.new(:calls, :failures, :seconds, :buckets)

    def initialize
      @methods = {}
      @replaced = 0
    end

    # One call that is over; `duration` in seconds. Methods that nobody knows share one line: clients choose them.
    def record(method, duration, failed)
      label = METHODS.include?(method) ? method : 'OTHER'
      one = (@methods[label] ||= Counts.new(0, 0, 0.0, Array.new(BUCKETS.length, 0)))
      one.calls += 1
      one.failures += 1 if failed
      one.seconds += duration
      bucket = BUCKETS.index { |bound| duration <= bound }
      one.buckets[bucket] += 1 if bucket
    end

    def worker_replaced
      @replaced += 1
    end

    def render
      lines = family('function_duration_seconds', 'histogram', 'Duration of user function in seconds')
      @methods.each { |method, one| lines.concat(histogram(method, one)) }
      lines.concat(family('function_calls_total', 'counter', 'Number of calls to user function'))
      @methods.each { |method, one| lines << "function_calls_total{method=\"#{method}\"} #{one.calls}" }
      lines.concat(family('function_failures_total', 'counter', 'Number of exceptions in user function'))
      @methods.each { |method, one| lines << "function_failures_total{method=\"#{method}\"} #{one.failures}" }
      name = 'function_workers_replaced_total'
      lines.concat(family(name, 'counter', 'Number of worker processes that ended unasked'))
      lines << "#{name} #{@replaced}"
      "#{lines.join("\n")}\n"
    end

    private

    def family(name, kind, text)
      ["# HELP #{name} #{text}", "# TYPE #{name} #{kind}"]
    end

    def histogram(method, one)
      name = 'function_duration_seconds'
      count = 0
      lines = BUCKETS.zip(one.buckets).map do |bound, calls|
        count += calls
        "#{name}_bucket{le=\"#{bound}\",method=\"#{method}\"} #{count}"
      end
      lines << "#{name}_bucket{le=\"+Inf\",method=\"#{method}\"} #{one.calls}"
      lines << "#{name}_count{method=\"#{method}\"} #{one.calls}"
      lines << "#{name}_sum{method=\"#{method}\"} #{one.seconds}"
    end
  end
end
