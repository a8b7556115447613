<?php

declare(strict_types=1);

namespace Kubeless;

/**
 * One line on stdout per request, in the combined log format. What a client sent is escaped, so that it can neither end
 * the line nor forge another field. Lines of one turn of the loop are written together.
 */
final class AccessLog
{
    private const MAX_FIELD = 2048;

    private $second = 0;
    private $stamp = '';
    private $lines = '';

    /** `$path` is without the query, `$size` the bytes of the body that was sent. */
    public function record(
        string $client, string $method, string $path, string $version, array $headers, int $status, int $size
    ): void {
        $now = time();
        if ($now !== $this->second) {
            $this->second = $now;
            $this->stamp = gmdate('d/M/Y:H:i:s', $now) . ' +0000';
        }
        $line = "$method " . self::clean($path) . " $version";
        $referer = self::clean($headers['referer'] ?? '');
        $agent = self::clean($headers['user-agent'] ?? '');
        $this->lines .= "$client - - [{$this->stamp}] \"$line\" $status $size \"$referer\" \"$agent\"\n";
    }

    public function flush(): void
    {
        if ($this->lines !== '') {
            fwrite(STDOUT, $this->lines);
            $this->lines = '';
        }
    }

    private static function clean(string $text): string
    {
        if ($text === '') {
            return '-';
        }
        return preg_replace_callback('/[^\x20-\x7e]|["\\\\]/', static function (array $found): string {
            return '\x' . bin2hex($found[0]);
        }, substr($text, 0, self::MAX_FIELD));
    }
}
