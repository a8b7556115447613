<?php

declare(strict_types=1);

namespace Kubeless;

/** An answer cannot be one. */
final class Malformed extends \Exception
{
}

/**
 * What travels between the front and a worker. Numbers are big-endian. Nothing that a function writes is loaded as
 * objects into the front, nor the other way round.
 */
final class Frames
{
    /** Answers: length of the body, status, length of the header lines. */
    private const HEAD_SIZE = 10;
    private const MAX_BODY = 256 * 1024 * 1024;
    private const MAX_HEADERS = 256 * 1024;

    public static function call(array $request): string
    {
        $bytes = serialize($request);
        return pack('N', strlen($bytes)) . $bytes;
    }

    /** A call from a blocking channel; null at its end. */
    public static function readCall($channel): ?array
    {
        $head = self::readExactly($channel, 4);
        $bytes = $head === null ? null : self::readExactly($channel, unpack('N', $head)[1]);
        return $bytes === null ? null : unserialize($bytes, ['allowed_classes' => false]);
    }

    /** What a worker says once the function is loaded. */
    public static function ready(): string
    {
        return pack('NnN', 0, 0, 0);
    }

    /** @throws UnusableAnswer */
    public static function answer(int $status, string $headers, string $body): string
    {
        if (strlen($body) > self::MAX_BODY || strlen($headers) > self::MAX_HEADERS) {
            throw new UnusableAnswer('the answer is larger than ' . self::MAX_BODY . ' bytes');
        }
        return pack('NnN', strlen($body), $status, strlen($headers)) . $headers . $body;
    }

    /**
     * Status, header lines and body out of what was received, or null while they are not there as a whole.
     *
     * @throws Malformed
     */
    public static function takeAnswer(string &$buffer): ?array
    {
        if (strlen($buffer) < self::HEAD_SIZE) {
            return null;
        }
        $head = unpack('Nbody/nstatus/Nheaders', $buffer);
        if ($head['body'] > self::MAX_BODY || $head['headers'] > self::MAX_HEADERS || $head['status'] > 599) {
            throw new Malformed();
        }
        $begin = self::HEAD_SIZE + $head['headers'];
        if (strlen($buffer) < $begin + $head['body']) {
            return null;
        }
        $headers = (string) substr($buffer, self::HEAD_SIZE, $head['headers']);
        $body = (string) substr($buffer, $begin, $head['body']);
        $buffer = (string) substr($buffer, $begin + $head['body']);
        return [$head['status'], $headers, $body];
    }

    private static function readExactly($channel, int $length): ?string
    {
        $bytes = '';
        while (strlen($bytes) < $length) {
            $piece = @fread($channel, min($length - strlen($bytes), 1 << 20));
            if (($piece === false || $piece === '') && feof($channel)) {
                return null;
            }
            $bytes .= $piece;
        }
        return $bytes;
    }
}
