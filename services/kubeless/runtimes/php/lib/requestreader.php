<?php

declare(strict_types=1);

namespace Kubeless;

/** A request that is refused; the code is 400, 413, 431 or 501. */
final class BadRequest extends \Exception
{
    public function __construct(int $status, string $message)
    {
        parent::__construct($message, $status);
    }
}

/**
 * Reads HTTP/1.1 requests out of the bytes of one connection (RFC 9112).
 *
 * It is strict: what two servers could read differently, such as two lengths, is refused. Heads and bodies are bounded.
 */
final class RequestReader
{
    private const MAX_HEAD = 64 * 1024;
    private const MAX_LINE = 1024;
    private const MOST_DISCARDED = 64 * 1024 * 1024;
    private const TOKEN = '[!#$%&\'*+\-.^_`|~0-9A-Za-z]+';
    private const TARGET = '(?:/|\*(?= )|https?://)[\x21-\x7e\x80-\xff]*';
    private const REQUEST_LINE = '{^(' . self::TOKEN . ') (' . self::TARGET . ') (HTTP/1\.[01])$}D';
    private const HEADER = '/^(' . self::TOKEN . '):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/D';
    private const ONCE = ['content-length' => true, 'host' => true];

    private $maxBody;
    private $buffer = '';
    /** @var array|null method, target, version, headers */
    private $head;
    private $body = '';
    private $left = 0;
    private $chunked = false;
    /** @var string of a chunked body: what comes next, "size", "data", "after" or "trailer" */
    private $state = 'size';
    private $discarded = 0;
    private $expects = false;

    public function __construct(int $maxBody)
    {
        $this->maxBody = $maxBody;
    }

    public function feed(string $bytes): void
    {
        $this->buffer .= $bytes;
    }

    /** Whether a request has begun and not ended. */
    public function isMidway(): bool
    {
        return $this->head !== null || $this->buffer !== '';
    }

    /** Once: whether the client waits to be told to send the body. */
    public function expectsContinue(): bool
    {
        $expected = $this->expects && $this->buffer === '';
        $this->expects = $this->expects && !$expected;
        return $expected;
    }

    /**
     * Method, target, version, headers and body, or null while they are not there as a whole. The body is null if it
     * was too large and has been thrown away.
     *
     * @throws BadRequest the connection is of no use then
     */
    public function next(): ?array
    {
        if ($this->head === null && !$this->readHead()) {
            return null;
        }
        if (!($this->chunked ? $this->readChunks() : $this->take())) {
            return null;
        }
        $request = $this->head;
        $request[] = $this->discarded ? null : $this->body;
        [$this->head, $this->body, $this->chunked, $this->state] = [null, '', false, 'size'];
        [$this->discarded, $this->expects] = [0, false];
        return $request;
    }

    private function readHead(): bool
    {
        while (strncmp($this->buffer, "\r\n", 2) === 0) { // empty lines before a request are allowed
            $this->cut(2);
        }
        $end = strpos($this->buffer, "\r\n\r\n");
        if (($end === false ? strlen($this->buffer) : $end) > self::MAX_HEAD) {
            throw new BadRequest(431, 'the head of the request is too large');
        }
        if ($end === false) {
            $this->refuseEarly();
            return false;
        }
        $lines = explode("\r\n", $this->cut($end + 4, 4));
        if (!preg_match(self::REQUEST_LINE, array_shift($lines), $found)) {
            throw new BadRequest(400, 'the request line is no HTTP/1.1');
        }
        $headers = $this->readHeaders($lines);
        $this->frame($headers);
        $target = preg_replace('#^https?://[^/?]*#', '', $found[2]);
        $this->head = [$found[1], $target, $found[3], $headers];
        $this->expects = strcasecmp($headers['expect'] ?? '', '100-continue') === 0 && $found[3] === 'HTTP/1.1';
        return true;
    }

    /** What is no HTTP at all need not wait for an empty line. */
    private function refuseEarly(): void
    {
        if ($this->buffer !== '' && !preg_match('/^' . self::TOKEN . '(?: |$)/D', $this->buffer)) {
            throw new BadRequest(400, 'this is no HTTP');
        }
    }

    private function readHeaders(array $lines): array
    {
        $headers = [];
        foreach ($lines as $line) {
            if (!preg_match(self::HEADER, $line, $found)) {
                throw new BadRequest(400, 'a header is malformed');
            }
            $name = strtolower($found[1]);
            if (isset($headers[$name], self::ONCE[$name])) {
                throw new BadRequest(400, "$name is given twice");
            }
            $headers[$name] = isset($headers[$name]) ? "{$headers[$name]}, {$found[2]}" : $found[2];
        }
        return $headers;
    }

    private function frame(array $headers): void
    {
        $coding = $headers['transfer-encoding'] ?? null;
        $length = $headers['content-length'] ?? null;
        $this->left = 0;
        if ($coding !== null) {
            if ($length !== null) {
                throw new BadRequest(400, 'there are both a length and a transfer encoding');
            }
            if (strcasecmp($coding, 'chunked') !== 0) {
                throw new BadRequest(501, 'the only transfer encoding is chunked');
            }
            $this->chunked = true;
        } elseif ($length !== null) {
            if (!preg_match('/^[0-9]{1,15}$/D', $length)) {
                throw new BadRequest(400, 'the length is no number');
            }
            $this->left = (int) $length;
            if ($this->left > $this->maxBody) {
                $this->discard(0);
            }
        }
    }

    /** Move what belongs to it from the buffer to the body; whether that was all. */
    private function take(): bool
    {
        $piece = $this->cut(min($this->left, strlen($this->buffer)));
        $this->left -= strlen($piece);
        if ($this->discarded || strlen($this->body) + strlen($piece) > $this->maxBody) {
            $this->discard(strlen($piece));
        } else {
            $this->body .= $piece;
        }
        return $this->left === 0;
    }

    /** Read to the end before the answer, within reason: a client that still sends may not listen. */
    private function discard(int $count): void
    {
        $this->body = '';
        $this->discarded += $count + 1;
        if ($this->discarded > self::MOST_DISCARDED || (!$this->chunked && $this->left > self::MOST_DISCARDED)) {
            throw new BadRequest(413, "the body is larger than {$this->maxBody} bytes");
        }
    }

    private function readChunks(): bool
    {
        while (true) {
            if ($this->state === 'data') {
                if (!$this->take()) {
                    return false;
                }
                $this->state = 'after';
            } elseif ($this->state === 'after') {
                if (strlen($this->buffer) < 2) {
                    return false;
                }
                if ($this->cut(2) !== "\r\n") {
                    throw new BadRequest(400, 'a chunk is longer than it says');
                }
                $this->state = 'size';
            } else {
                $line = $this->readLine();
                if ($line === null) {
                    return false;
                }
                if ($this->state === 'size') {
                    $this->begin($line);
                } elseif ($line === '') {
                    return true;
                }
            }
        }
    }

    private function begin(string $line): void
    {
        if (!preg_match('/^([0-9A-Fa-f]{1,8})(?:[ \t]*;.*)?$/D', $line, $found)) {
            throw new BadRequest(400, 'the size of a chunk is no number');
        }
        $this->left = (int) hexdec($found[1]);
        $this->state = $this->left === 0 ? 'trailer' : 'data';
    }

    private function readLine(): ?string
    {
        $end = strpos($this->buffer, "\r\n");
        if (($end === false ? strlen($this->buffer) : $end) > self::MAX_LINE) {
            throw new BadRequest(400, 'a line of the chunks is too long');
        }
        return $end === false ? null : $this->cut($end + 2, 2);
    }

    /** Take `$count` bytes from the buffer; all but the last `$without` of them. */
    private function cut(int $count, int $without = 0): string
    {
        $piece = (string) substr($this->buffer, 0, $count - $without);
        $this->buffer = (string) substr($this->buffer, $count);
        return $piece;
    }
}
