<?php

declare(strict_types=1);

namespace Kubeless;

/** One call of the function: where its answer goes, and until when. Exactly one answer is sent. */
final class Call
{
    public $connection;
    /** @var array as the reader has it, and the client */
    public $request;
    public $began;
    public $deadline;
    /** @var Worker|null */
    public $worker;

    public function __construct(Connection $connection, array $request, float $timeout)
    {
        $this->connection = $connection;
        $this->request = $request;
        $this->began = microtime(true);
        $this->deadline = $this->began + $timeout;
    }
}

/** A worker process, seen from the front. It has one call at a time, so to end a stuck one hurts no other. */
final class Worker
{
    public $pid;
    public $started;
    public $idleSince = 0.0;
    /** @var Call|null */
    public $call;
    public $isReady = false;
    /** @var bool Whether its end is our wish. */
    public $isReleased = false;

    private $pool;
    private $reactor;
    private $pipeline;
    private $received = '';

    /** The pool hears `ready` and `answered`. In the child, `$become` is called with the other end of the channel. */
    public function __construct(Pool $pool, Reactor $reactor, callable $become)
    {
        $this->pool = $pool;
        $this->reactor = $reactor;
        $this->started = microtime(true);
        [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, STREAM_IPPROTO_IP);
        $this->pid = pcntl_fork();
        if ($this->pid === 0) {
            fclose($ours);
            $become($theirs);
        }
        fclose($theirs);
        $this->pipeline = new Pipeline($ours);
        $reactor->watch($ours, $this);
    }

    public function isStarting(): bool
    {
        return !$this->isReady && !$this->isReleased;
    }

    public function isServing(): bool
    {
        return $this->isReady && !$this->isReleased;
    }

    public function begin(Call $call): void
    {
        $this->call = $call;
        $call->worker = $this;
        $this->send(Frames::call($call->request));
    }

    public function onWritable(): void
    {
        $this->send('');
    }

    public function onReadable(): void
    {
        $bytes = $this->pipeline->read();
        if ($bytes === null) {
            $this->reactor->unwatch($this->pipeline->stream); // it is ending; how, its exit status tells
            return;
        }
        $this->received .= $bytes;
        try {
            $answer = Frames::takeAnswer($this->received);
        } catch (Malformed $error) {
            fwrite(STDERR, "worker {$this->pid} is ended: something other than the server wrote into its channel\n");
            posix_kill($this->pid, SIGKILL);
            return;
        }
        if ($answer !== null) {
            $this->hear(...$answer);
        }
    }

    /** No more calls; the process ends as it reads the end of the channel. */
    public function dismiss(): void
    {
        $this->isReleased = true;
        $this->close();
    }

    public function kill(): void
    {
        $this->isReleased = true;
        posix_kill($this->pid, SIGKILL);
    }

    /** The process has ended: what it still answered counts. */
    public function reaped(): void
    {
        if (!$this->isReleased) {
            $this->onReadable();
        }
        $this->close();
    }

    public function close(): void
    {
        if ($this->pipeline->stream !== null) {
            $this->reactor->forget($this->pipeline->stream);
            $this->pipeline->close();
        }
    }

    private function send(string $bytes): void
    {
        if ($this->pipeline->write($bytes) && $this->pipeline->isPending()) {
            $this->reactor->wantRoom($this->pipeline->stream, $this);
        }
    }

    private function hear(int $status, string $headers, string $body): void
    {
        if ($status === 0) {
            $this->isReady = true;
            $this->pool->ready($this);
        } elseif ($this->call !== null) {
            $call = $this->call;
            $this->call = null;
            $this->pool->answered($this, $call, $status, $headers, $body);
        }
    }
}
