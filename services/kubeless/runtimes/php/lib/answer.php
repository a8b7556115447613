<?php

declare(strict_types=1);

namespace Kubeless;

/** What the function returned cannot be sent; the message tells what can. */
final class UnusableAnswer extends \Exception
{
}

/** What a function returns, as status, header lines (without those that frame the message) and body. */
final class Answer
{
    private const TEXT = 'text/html; charset=utf-8';
    private const OURS = [
        'connection', 'content-length', 'date', 'keep-alive', 'trailer', 'transfer-encoding', 'upgrade',
    ];

    /**
     * @param Response $offered the one in the event, which counts if the function wrote into it and returned nothing
     * @throws UnusableAnswer
     */
    public static function encode($value, Response $offered): array
    {
        if ($value === null && $offered->getBody()->getSize() > 0) {
            $value = $offered;
        }
        if (is_object($value) && is_callable([$value, 'getStatusCode']) && is_callable([$value, 'getHeaders'])) {
            return self::encodeResponse($value);
        }
        [$body, $type] = self::encodeBody($value);
        return [200, "Content-Type: $type\r\n", $body];
    }

    /** @throws UnusableAnswer */
    public static function json($value): string
    {
        $text = json_encode($value, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION);
        if ($text === false) {
            throw new UnusableAnswer('the function returned what is no JSON: ' . json_last_error_msg());
        }
        return $text;
    }

    private static function encodeBody($value): array
    {
        if ($value === null || is_string($value) || is_int($value)) {
            return [(string) $value, self::TEXT];
        }
        if (is_bool($value) || is_float($value)) {
            return [self::json($value), self::TEXT];
        }
        if ($value instanceof \Traversable) {
            return [self::join($value), self::TEXT];
        }
        if (is_array($value) || $value instanceof \stdClass || $value instanceof \JsonSerializable) {
            return [self::json($value), 'application/json'];
        }
        if (is_object($value) && method_exists($value, '__toString')) {
            return [(string) $value, self::TEXT];
        }
        $kind = is_object($value) ? get_class($value) : gettype($value);
        throw new UnusableAnswer(
            "the function returned a $kind, which cannot be sent: return text, a number, an array, an object, null, "
            . 'or a response'
        );
    }

    /** A generator: its texts, joined. */
    private static function join(\Traversable $parts): string
    {
        $joined = '';
        foreach ($parts as $part) {
            if (!is_scalar($part)) {
                $kind = gettype($part);
                throw new UnusableAnswer("the function returned a generator of $kind, which cannot be sent");
            }
            $joined .= $part;
        }
        return $joined;
    }

    /** A response of PSR-7, whoever made it. */
    private static function encodeResponse($response): array
    {
        $status = $response->getStatusCode();
        if (!is_int($status) || $status < 200 || $status > 599) {
            throw new UnusableAnswer("the response's status is $status: give a number from 200 to 599");
        }
        $lines = '';
        $typed = false;
        foreach ($response->getHeaders() as $name => $values) {
            $lower = strtolower((string) $name);
            $typed = $typed || $lower === 'content-type';
            foreach (in_array($lower, self::OURS, true) ? [] : (array) $values as $value) {
                $lines .= self::line((string) $name, (string) $value);
            }
        }
        $lines .= $typed ? '' : 'Content-Type: ' . self::TEXT . "\r\n";
        return [$status, $lines, (string) $response->getBody()];
    }

    private static function line(string $name, string $value): string
    {
        $named = preg_match('/^[!#$%&\'*+\-.^_`|~0-9A-Za-z]+$/D', $name);
        if (!$named || preg_match('/[\x00-\x08\x0a-\x1f\x7f]/', $value)) {
            $shown = json_encode([$name, $value], JSON_PARTIAL_OUTPUT_ON_ERROR);
            throw new UnusableAnswer("the header $shown contains characters that no header may have");
        }
        return "$name: $value\r\n";
    }
}
