<?php

declare(strict_types=1);

namespace Kubeless;

require_once __DIR__ . '/accesslog.php';
require_once __DIR__ . '/connection.php';
require_once __DIR__ . '/pool.php';
require_once __DIR__ . '/reactor.php';
require_once __DIR__ . '/settings.php';

/** The process that speaks HTTP: health and metrics here, everything else to the pool of workers. */
final class Front
{
    private const SWEEP = 1.0;
    /** Seconds that idle connections stay when the server stops: a request may already be on its way in them. */
    private const LINGER = 0.3;
    /** Seconds that workers have for their shutdown functions. */
    private const FAREWELL = 1.0;
    private const BATCH = 64;

    public $log;

    private $settings;
    private $reactor;
    private $pool;
    private $connections = [];
    private $listener;
    private $isListening = false;
    private $stoppingSince;
    private $exitCode;
    private $swept;

    public function __construct(Settings $settings)
    {
        $this->settings = $settings;
        $this->reactor = new Reactor();
        $this->log = new AccessLog();
        $this->pool = new Pool($settings, $this->reactor, $this);
        $this->swept = microtime(true);
    }

    /**
     * The exit code: 0 after a requested stop, 1 if the function cannot be run or the stop was hurried.
     *
     * @throws SettingError the port cannot be bound
     */
    public function run(): int
    {
        pcntl_signal(SIGTERM, [$this, 'stop']);
        pcntl_signal(SIGINT, [$this, 'stop']);
        pcntl_signal(SIGCHLD, static function (): void {
            // that there is a handler ends a turn early
        });
        $this->pool->spawn();
        while (!$this->isOver()) {
            $now = microtime(true);
            $this->reactor->turn(max(0, min($this->pool->nextMoment($now) - $now, $this->stoppingSince ? 0.1 : 1.0)));
            pcntl_signal_dispatch();
            $this->reap();
            $this->pool->tick(microtime(true));
            $this->sweep(microtime(true));
            $this->log->flush();
        }
        $this->farewell();
        return $this->exitCode;
    }

    public function isStopping(): bool
    {
        return $this->stoppingSince !== null;
    }

    public function needsWorkers(): bool
    {
        return $this->exitCode === null && (!$this->isStopping() || !$this->pool->isIdle());
    }

    /** Of the pool: the function is loaded. Until then connections are refused. */
    public function ready(): void
    {
        if (!$this->isStopping()) {
            $this->listener = $this->listen();
            stream_set_blocking($this->listener, false);
            $this->accepting(true);
        }
    }

    /** Of the pool: the function cannot be loaded, and the log says why. */
    public function fatal(): void
    {
        $this->exitCode = 1;
    }

    /** In the child; does not return. What belongs to this process is closed there. */
    public function becomeWorker($channel): void
    {
        // A group gets these all at once, but to stop is said by the front. A handler would cut sleep() short.
        pcntl_signal(SIGTERM, SIG_IGN);
        pcntl_signal(SIGINT, SIG_IGN);
        pcntl_signal(SIGCHLD, SIG_DFL);
        foreach ($this->connections as $connection) {
            $connection->closeInChild();
        }
        foreach ($this->pool->workers as $worker) {
            $worker->close();
        }
        if ($this->listener) {
            fclose($this->listener);
        }
        exit((new WorkerProcess($this->settings, $channel))->run());
    }

    /** Of a connection: a request is there. */
    public function handle(Connection $connection, array $request): void
    {
        $path = explode('?', $request[1], 2)[0];
        if ($request[4] === null) {
            $connection->plain(413, "the body is larger than {$this->settings->maxBody} bytes\n");
        } elseif ($request[0] === 'GET' && $path === '/healthz') {
            $connection->plain(200, 'OK');
        } elseif ($request[0] === 'GET' && $path === '/metrics') {
            $connection->plain(200, $this->pool->metrics->render(), Metrics::CONTENT_TYPE);
        } else {
            $request[] = $connection->client;
            $this->pool->submit(new Call($connection, $request, $this->settings->timeout));
        }
    }

    public function closed(Connection $connection): void
    {
        unset($this->connections[spl_object_id($connection)]);
    }

    /** Of the reactor: a client waits. */
    public function onReadable(): void
    {
        for ($count = 0; $count < self::BATCH && count($this->connections) < Reactor::MOST; $count++) {
            $stream = @stream_socket_accept($this->listener, 0, $peer);
            if (!$stream) {
                return;
            }
            $host = preg_replace('/^\[?(?:::ffff:)?(.*?)\]?:[0-9]+$/', '$1', (string) $peer);
            $connection = new Connection($stream, $host, $this, $this->reactor, $this->settings->maxBody);
            $this->connections[spl_object_id($connection)] = $connection;
        }
    }

    /** Calls in progress finish; a second signal ends everything. */
    public function stop(): void
    {
        if ($this->isStopping()) {
            $this->exitCode = 1;
            return;
        }
        if ($this->listener) {
            $this->onReadable();
            $this->accepting(false);
            fclose($this->listener);
            $this->listener = null;
        }
        $this->stoppingSince = microtime(true);
    }

    private function accepting(bool $whether): void
    {
        if ($whether) {
            $this->reactor->watch($this->listener, $this);
        } else {
            $this->reactor->forget($this->listener);
        }
        $this->isListening = $whether;
    }

    private function listen()
    {
        $hosts = $this->settings->host === '' ? ['[::]', '0.0.0.0'] : [$this->settings->host];
        $options = ['backlog' => 1024, 'tcp_nodelay' => true, 'ipv6_v6only' => false];
        foreach ($hosts as $host) {
            $name = strpos($host, ':') !== false && $host[0] !== '[' ? "[$host]" : $host;
            $listener = @stream_socket_server(
                "tcp://$name:{$this->settings->port}", $code, $reason,
                STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, stream_context_create(['socket' => $options])
            );
            if ($listener) {
                return $listener;
            }
        }
        throw new SettingError(
            "port {$this->settings->port} of $host cannot be bound: $reason; free the port or set another FUNC_PORT or "
            . 'FUNC_HOST'
        );
    }

    private function reap(): void
    {
        while (($pid = pcntl_waitpid(-1, $status, WNOHANG)) > 0) {
            $this->pool->reaped($pid, $status);
        }
    }

    private function sweep(float $now): void
    {
        if ($this->listener && $this->isListening !== count($this->connections) < Reactor::MOST) {
            $this->accepting(!$this->isListening);
        }
        if ($this->isStopping() && $now > $this->stoppingSince + self::LINGER) {
            foreach ($this->connections as $connection) {
                $connection->closeIfIdle();
            }
        }
        if ($now >= $this->swept + self::SWEEP) {
            $this->swept = $now;
            foreach ($this->connections as $connection) {
                $connection->sweep($now);
            }
        }
    }

    private function isOver(): bool
    {
        if ($this->exitCode !== null || !$this->isStopping()) {
            return $this->exitCode !== null;
        }
        if (!$this->connections && $this->pool->isIdle()) {
            $this->exitCode = 0;
        } elseif (microtime(true) > $this->stoppingSince + $this->settings->shutdownTimeout) {
            fwrite(STDERR, "calls were still running {$this->settings->shutdownTimeout} s after the request to stop\n");
            $this->pool->giveUp();
            $this->exitCode = 1;
        }
        return $this->exitCode !== null;
    }

    private function farewell(): void
    {
        $this->log->flush();
        foreach ($this->pool->workers as $worker) {
            $worker->dismiss();
        }
        $limit = microtime(true) + ($this->exitCode === 0 ? self::FAREWELL : 0);
        while ($this->pool->workers && microtime(true) < $limit) {
            usleep(5000);
            $this->reap();
        }
        foreach ($this->pool->workers as $worker) {
            $worker->kill();
        }
    }
}
