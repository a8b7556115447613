<?php

declare(strict_types=1);

namespace Kubeless;

require_once __DIR__ . '/metrics.php';
require_once __DIR__ . '/worker.php';
require_once __DIR__ . '/workerprocess.php';

/**
 * The workers, and the calls that wait for one.
 *
 * One worker serves calls one after the other. When a call has to wait, more workers start; those that were needed for
 * a while only are dismissed. A call over its time is answered 408, and its worker killed.
 */
final class Pool
{
    private const PATIENCE = 0.02; // seconds that a call waits before more workers start
    private const SPARE_LIFE = 30.0;
    private const BACKOFF = 1.0;

    public $metrics;
    /** @var Worker[] by process id */
    public $workers = [];

    private $settings;
    private $reactor;
    private $front;
    private $idle = [];
    private $waiting = [];
    /** @var Call[] by object id, in the order of their deadlines */
    private $open = [];
    private $wasReady = false;
    private $notBefore = 0.0;

    /** The front hears `ready` once, and `fatal` when the function cannot be loaded. */
    public function __construct(Settings $settings, Reactor $reactor, Front $front)
    {
        $this->settings = $settings;
        $this->reactor = $reactor;
        $this->front = $front;
        $this->metrics = new Metrics();
    }

    public function spawn(): void
    {
        $worker = new Worker($this, $this->reactor, [$this->front, 'becomeWorker']);
        $this->workers[$worker->pid] = $worker;
    }

    public function isIdle(): bool
    {
        return !$this->open;
    }

    public function submit(Call $call): void
    {
        $this->open[spl_object_id($call)] = $call;
        $worker = array_pop($this->idle);
        if ($worker) {
            $worker->begin($call);
        } else {
            $this->waiting[spl_object_id($call)] = $call;
        }
    }

    /** What is due at this moment. */
    public function tick(float $now): void
    {
        while (($call = reset($this->open)) && $call->deadline <= $now) {
            $this->expire($call);
        }
        $first = reset($this->waiting);
        if ($first && $first->began + self::PATIENCE <= $now && $this->notBefore <= $now) {
            $this->grow();
        }
        $this->checkLoading($now);
        if (count($this->idle) > 1 && $now - $this->idle[0]->idleSince > self::SPARE_LIFE) {
            array_shift($this->idle)->dismiss();
        }
    }

    /** When `tick` is to be called at the latest. */
    public function nextMoment(float $now): float
    {
        $moments = [$now + 1.0];
        if ($this->open) {
            $moments[] = reset($this->open)->deadline;
        }
        if ($this->waiting && count($this->starting()) < count($this->waiting) && !$this->isFull()) {
            $moments[] = max(reset($this->waiting)->began + self::PATIENCE, $this->notBefore);
        }
        return min($moments);
    }

    public function ready(Worker $worker): void
    {
        if (!$this->wasReady) {
            $this->wasReady = true;
            $this->front->ready();
        }
        $this->rest($worker);
    }

    public function answered(Worker $worker, Call $call, int $status, string $headers, string $body): void
    {
        $this->settle($call, $status >= 500);
        $call->connection->respond($status, $headers, $body);
        $this->rest($worker);
    }

    /** A process has ended. */
    public function reaped(int $pid, int $status): void
    {
        $worker = $this->workers[$pid] ?? null;
        if (!$worker) {
            return;
        }
        $worker->reaped();
        $this->idle = array_values(array_filter($this->idle, static function (Worker $one) use ($worker): bool {
            return $one !== $worker;
        }));
        unset($this->workers[$pid]);
        if (!$worker->isReleased) {
            $this->explain($worker, $status);
        }
        if ($worker->call) {
            $this->lose($worker->call);
        }
        if (!$this->workers && $this->front->needsWorkers()) {
            $this->spawn();
        }
    }

    /** Every call in progress fails; there will be no other. */
    public function giveUp(): void
    {
        array_map([$this, 'lose'], $this->open);
    }

    private function rest(Worker $worker): void
    {
        $call = reset($this->waiting);
        if ($call) {
            unset($this->waiting[spl_object_id($call)]);
            $worker->begin($call);
        } else {
            $worker->idleSince = microtime(true);
            $this->idle[] = $worker;
        }
    }

    private function starting(): array
    {
        return array_filter($this->workers, static function (Worker $worker): bool {
            return $worker->isStarting();
        });
    }

    private function anyServing(): bool
    {
        return (bool) array_filter($this->workers, static function (Worker $worker): bool {
            return $worker->isServing();
        });
    }

    private function isFull(): bool
    {
        return count($this->workers) >= $this->settings->workers;
    }

    private function grow(): void
    {
        for ($wanted = count($this->waiting) - count($this->starting()); $wanted > 0 && !$this->isFull(); $wanted--) {
            $this->spawn();
        }
    }

    private function expire(Call $call): void
    {
        unset($this->waiting[spl_object_id($call)]);
        $this->settle($call, false);
        $call->connection->plain(408, "Timeout while processing the function\n");
        fwrite(STDERR, "{$this->settings->functionName()} did not answer within {$this->settings->timeout} s\n");
        if ($call->worker) {
            $this->endStuck($call->worker);
        }
    }

    private function endStuck(Worker $worker): void
    {
        $this->metrics->workerReplaced();
        $worker->call = null;
        $worker->kill();
        if (!$this->anyServing() && !$this->starting()) {
            $this->spawn();
        }
    }

    private function checkLoading(float $now): void
    {
        foreach ($this->starting() as $worker) {
            if ($now >= $worker->started + $this->settings->loadTimeout) {
                $worker->kill();
                $place = "{$this->settings->file()} did not return from being loaded";
                $this->unusable("$place within {$this->settings->loadTimeout} s");
            }
        }
    }

    private function explain(Worker $worker, int $status): void
    {
        $this->metrics->workerReplaced();
        $signaled = pcntl_wifsignaled($status);
        $how = $signaled ? 'by signal ' . pcntl_wtermsig($status) : 'with code ' . pcntl_wexitstatus($status);
        if ($worker->isReady) {
            fwrite(STDERR, "Function failed to execute: the function ended its process $how\n");
        } else {
            $told = !$signaled && pcntl_wexitstatus($status) === WorkerProcess::EXIT_LOAD_FAILED;
            $this->unusable($told ? '' : "it ended its process $how");
        }
    }

    private function unusable(string $reason): void
    {
        if ($reason !== '') {
            fwrite(STDERR, "function {$this->settings->functionName()} cannot be loaded: $reason\n");
        }
        $this->notBefore = microtime(true) + self::BACKOFF;
        if (!$this->anyServing()) {
            $this->front->fatal();
        }
    }

    private function lose(Call $call): void
    {
        $this->settle($call, true);
        $call->connection->plain(500, "Internal Server Error\n");
    }

    private function settle(Call $call, bool $failed): void
    {
        unset($this->open[spl_object_id($call)]);
        $this->metrics->record($call->request[0], microtime(true) - $call->began, $failed);
    }
}
