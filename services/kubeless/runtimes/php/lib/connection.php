<?php

declare(strict_types=1);

namespace Kubeless;

require_once __DIR__ . '/pipeline.php';
require_once __DIR__ . '/requestreader.php';

/** One client's connection: requests come in, each is answered before the next is read. */
final class Connection
{
    /** Seconds without a byte, by state; an idle client is expected to close first. */
    private const IDLE_LIFE = 75.0;
    private const STALL = 60.0;
    private const LINGER = 2.0;
    private const REASONS = [
        200 => 'OK', 201 => 'Created', 202 => 'Accepted', 204 => 'No Content', 301 => 'Moved Permanently',
        302 => 'Found', 303 => 'See Other', 304 => 'Not Modified', 400 => 'Bad Request', 401 => 'Unauthorized',
        403 => 'Forbidden', 404 => 'Not Found', 405 => 'Method Not Allowed', 408 => 'Request Timeout',
        409 => 'Conflict', 413 => 'Content Too Large', 422 => 'Unprocessable Content', 429 => 'Too Many Requests',
        431 => 'Request Header Fields Too Large', 500 => 'Internal Server Error', 501 => 'Not Implemented',
        502 => 'Bad Gateway', 503 => 'Service Unavailable',
    ];
    private const UNREAD = ['-', '-', '-', []];

    public $client;
    private $pipeline;
    private $front;
    private $reactor;
    private $reader;
    /** @var array|null the one that is not answered yet */
    private $request;
    /** @var string "open", "closing" (when all is written), "lingering" or "closed" */
    private $state = 'open';
    private $processing = false;
    private $active;

    /** The front hears `handle` with each request, and `closed`. */
    public function __construct($stream, string $client, Front $front, Reactor $reactor, int $maxBody)
    {
        $this->pipeline = new Pipeline($stream);
        $this->client = $client;
        $this->front = $front;
        $this->reactor = $reactor;
        $this->reader = new RequestReader($maxBody);
        $this->active = microtime(true);
        $reactor->watch($stream, $this);
    }

    public function onReadable(): void
    {
        $bytes = $this->pipeline->read();
        $this->active = microtime(true);
        if ($bytes === null) {
            $this->close();
        } elseif ($this->state === 'open') {
            $this->reader->feed($bytes);
            $this->process();
        }
    }

    public function onWritable(): void
    {
        $this->active = microtime(true);
        $this->send('');
    }

    public function plain(int $status, string $text, string $type = 'text/plain; charset=utf-8'): void
    {
        $this->respond($status, "Content-Type: $type\r\n", $text);
    }

    /** `$headers` are lines without those that frame the message. */
    public function respond(int $status, string $headers, string $body): void
    {
        if ($this->state === 'closed') {
            return;
        }
        [$method, $target, $version, $fields] = $this->request ?? self::UNREAD;
        $last = !$this->request || $this->front->isStopping() || !self::keepsAlive($version, $fields);
        $bodiless = $status === 204 || $status === 304;
        $length = $bodiless ? '' : 'Content-Length: ' . strlen($body) . "\r\n";
        $reason = self::REASONS[$status] ?? 'Status';
        $head = "HTTP/1.1 $status $reason\r\n$headers$length" . ($last ? "Connection: close\r\n\r\n" : "\r\n");
        $shown = $bodiless || $method === 'HEAD' ? '' : $body;
        $path = explode('?', $target, 2)[0];
        $this->front->log->record($this->client, $method, $path, $version, $fields, $status, strlen($shown));
        $this->request = null;
        $this->state = $last ? 'closing' : 'open';
        $this->send($head . $shown);
        if ($this->state === 'open') {
            $this->reactor->watch($this->pipeline->stream, $this);
            $this->process();
        }
    }

    /** Stalled or idle for too long. */
    public function sweep(float $now): void
    {
        $limits = ['open' => $this->isMidway() ? self::STALL : self::IDLE_LIFE, 'lingering' => self::LINGER];
        if (!$this->request && $now - $this->active > ($limits[$this->state] ?? self::STALL)) {
            $this->close();
        }
    }

    public function closeIfIdle(): void
    {
        if ($this->state === 'open' && !$this->request && !$this->isMidway()) {
            $this->close();
        }
    }

    public function close(): void
    {
        if ($this->state !== 'closed') {
            $this->state = 'closed';
            $this->reactor->forget($this->pipeline->stream);
            $this->pipeline->close();
            $this->front->closed($this);
        }
    }

    public function closeInChild(): void
    {
        $this->pipeline->close();
    }

    private function isMidway(): bool
    {
        return $this->reader->isMidway() || $this->pipeline->isPending();
    }

    private static function keepsAlive(string $version, array $fields): bool
    {
        $asked = strtolower($fields['connection'] ?? '');
        return $version === 'HTTP/1.1' ? strpos($asked, 'close') === false : strpos($asked, 'keep-alive') !== false;
    }

    private function process(): void
    {
        if ($this->processing) {
            return; // a request that is answered at once comes back here
        }
        $this->processing = true;
        try {
            while ($this->state === 'open' && !$this->request && ($this->request = $this->reader->next())) {
                $this->reactor->unwatch($this->pipeline->stream); // a client that sends ahead waits
                $this->front->handle($this, $this->request);
            }
            if ($this->state === 'open' && !$this->request && $this->reader->expectsContinue()) {
                $this->send("HTTP/1.1 100 Continue\r\n\r\n");
            }
        } catch (BadRequest $error) {
            $this->request = null;
            $this->plain($error->getCode(), $error->getMessage() . "\n");
        } finally {
            $this->processing = false;
        }
    }

    private function send(string $bytes): void
    {
        if (!$this->pipeline->write($bytes)) {
            $this->close();
        } elseif ($this->pipeline->isPending()) {
            $this->reactor->wantRoom($this->pipeline->stream, $this);
        } elseif ($this->state === 'closing') {
            // Close our side and let the client close its own: to close while it sends could take the answer from it.
            $this->state = 'lingering';
            stream_socket_shutdown($this->pipeline->stream, STREAM_SHUT_WR);
            $this->reactor->watch($this->pipeline->stream, $this);
        }
    }
}
