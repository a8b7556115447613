<?php

declare(strict_types=1);

namespace Kubeless;

/** Waits for streams. Those who watch one hear `onReadable`, and `onWritable` if they asked for room to write. */
final class Reactor
{
    /** Of streams; `select` knows no higher number of a descriptor. */
    public const MOST = 900;

    private $readable = [];
    private $writable = [];
    private $watchers = [];

    public function watch($stream, $watcher): void
    {
        $this->readable[(int) $stream] = $stream;
        $this->watchers[(int) $stream] = $watcher;
    }

    public function unwatch($stream): void
    {
        unset($this->readable[(int) $stream]);
    }

    public function wantRoom($stream, $watcher): void
    {
        $this->writable[(int) $stream] = $stream;
        $this->watchers[(int) $stream] = $watcher;
    }

    public function forget($stream): void
    {
        unset($this->readable[(int) $stream], $this->writable[(int) $stream], $this->watchers[(int) $stream]);
    }

    /** One round, of at most `$pause` seconds; a signal ends it early. Who is served may let others be forgotten. */
    public function turn(float $pause): void
    {
        [$readable, $writable, $none] = [$this->readable, $this->writable, null];
        if (!$readable && !$writable) {
            usleep((int) ($pause * 1e6));
            return;
        }
        if (!@stream_select($readable, $writable, $none, (int) $pause, (int) (fmod($pause, 1) * 1e6))) {
            return;
        }
        foreach ($writable as $stream) {
            if (isset($this->writable[(int) $stream])) {
                unset($this->writable[(int) $stream]);
                $this->watchers[(int) $stream]->onWritable();
            }
        }
        foreach ($readable as $stream) {
            if (isset($this->readable[(int) $stream])) {
                $this->watchers[(int) $stream]->onReadable();
            }
        }
    }
}
