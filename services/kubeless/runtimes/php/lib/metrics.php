<?php

declare(strict_types=1);

namespace Kubeless;

/** Counts by HTTP method, in Prometheus' text format, with the names of the original runtime. */
final class Metrics
{
    public const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
    private const BUCKETS = [
        '0.005', '0.01', '0.025', '0.05', '0.075', '0.1', '0.25', '0.5', '0.75', '1.0', '2.5', '5.0', '7.5', '10.0',
    ];
    private const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

    private $methods = [];
    private $replaced = 0;

    /** One call that is over; seconds. Methods that nobody knows share one line: clients choose them. */
    public function record(string $method, float $duration, bool $failed): void
    {
        $label = in_array($method, self::METHODS, true) ? $method : 'OTHER';
        if (!isset($this->methods[$label])) {
            $this->methods[$label] = ['calls' => 0, 'failures' => 0, 'seconds' => 0.0, 'buckets' => []];
        }
        $one = &$this->methods[$label];
        $one['calls'] += 1;
        $one['failures'] += $failed ? 1 : 0;
        $one['seconds'] += $duration;
        foreach (self::BUCKETS as $bound) {
            if ($duration <= (float) $bound) {
                $one['buckets'][$bound] = ($one['buckets'][$bound] ?? 0) + 1;
                break;
            }
        }
    }

    public function workerReplaced(): void
    {
        $this->replaced += 1;
    }

    public function render(): string
    {
        $lines = self::family('function_duration_seconds', 'histogram', 'Duration of user function in seconds');
        foreach ($this->methods as $method => $one) {
            array_push($lines, ...self::histogram($method, $one));
        }
        array_push($lines, ...$this->counter('function_calls_total', 'calls', 'Number of calls to user function'));
        $text = 'Number of exceptions in user function';
        array_push($lines, ...$this->counter('function_failures_total', 'failures', $text));
        $name = 'function_workers_replaced_total';
        array_push($lines, ...self::family($name, 'counter', 'Number of worker processes that ended unasked'));
        return implode("\n", $lines) . "\n$name {$this->replaced}\n";
    }

    private function counter(string $name, string $key, string $text): array
    {
        $lines = self::family($name, 'counter', $text);
        foreach ($this->methods as $method => $one) {
            $lines[] = "{$name}{method=\"$method\"} {$one[$key]}";
        }
        return $lines;
    }

    private static function family(string $name, string $kind, string $text): array
    {
        return ["# HELP $name $text", "# TYPE $name $kind"];
    }

    private static function histogram(string $method, array $one): array
    {
        $name = 'function_duration_seconds';
        $count = 0;
        $lines = [];
        foreach (self::BUCKETS as $bound) {
            $count += $one['buckets'][$bound] ?? 0;
            $lines[] = "{$name}_bucket{le=\"$bound\",method=\"$method\"} $count";
        }
        $lines[] = "{$name}_bucket{le=\"+Inf\",method=\"$method\"} {$one['calls']}";
        $lines[] = "{$name}_count{method=\"$method\"} {$one['calls']}";
        $lines[] = "{$name}_sum{method=\"$method\"} {$one['seconds']}";
        return $lines;
    }
}
