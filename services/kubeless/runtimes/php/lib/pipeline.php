<?php

declare(strict_types=1);

namespace Kubeless;

/** A socket that is never waited for: what cannot be written at once is kept and written when there is room. */
final class Pipeline
{
    private const PIECE = 256 * 1024;

    /** @var resource|null null once closed */
    public $stream;
    /** @var string */
    private $out = '';
    /** @var int */
    private $sent = 0;

    /** @param resource $stream */
    public function __construct($stream)
    {
        stream_set_blocking($stream, false);
        stream_set_read_buffer($stream, 0);
        stream_set_write_buffer($stream, 0);
        $this->stream = $stream;
    }

    public function isPending(): bool
    {
        return $this->sent < strlen($this->out);
    }

    /** Write what there is room for; false if the other side has gone. */
    public function write(string $bytes): bool
    {
        $this->out .= $bytes;
        while ($this->stream !== null && $this->isPending()) {
            error_clear_last();
            $count = @fwrite($this->stream, substr($this->out, $this->sent, self::PIECE));
            if ($count === 0 && error_get_last() === null) {
                return true;
            }
            if (!$count) {
                return false;
            }
            $this->sent += $count;
        }
        $this->out = '';
        $this->sent = 0;
        return $this->stream !== null;
    }

    /** What has come; null at the end. */
    public function read(): ?string
    {
        $bytes = @fread($this->stream, self::PIECE);
        return ($bytes === false || $bytes === '') && feof($this->stream) ? null : (string) $bytes;
    }

    public function close(): void
    {
        if ($this->stream !== null) {
            fclose($this->stream);
            $this->stream = null;
        }
    }
}
