<?php

declare(strict_types=1);

namespace Kubeless;

require_once __DIR__ . '/message.php';

/** The body is announced as JSON and is none. */
final class InvalidJson extends \Exception
{
}

/** What a function is called with, under the names of the original runtime. */
final class Event
{
    private const FIELDS = ['event-id', 'event-type', 'event-time', 'event-namespace'];

    /**
     * `data`, the event headers (null where missing) and `extensions`: request, response, and the attributes of a
     * CloudEvent in binary mode under their header names.
     *
     * @throws InvalidJson
     */
    public static function make(Request $request): \stdClass
    {
        $event = new \stdClass();
        $event->data = self::data($request);
        $event->extensions = (object) ['request' => $request, 'response' => new Response()];
        foreach (self::FIELDS as $field) {
            $event->$field = $request->getHeader($field)[0] ?? null;
        }
        foreach ($request->getHeaders() as $name => $values) {
            if (strncmp((string) $name, 'ce-', 3) === 0) {
                $event->extensions->$name = $values[0];
            }
        }
        return $event;
    }

    public static function context(Settings $settings): \stdClass
    {
        return (object) [
            'function-name' => $settings->handler,
            'timeout' => $settings->timeout,
            'runtime' => $settings->runtime,
            'memory-limit' => $settings->memoryLimit,
        ];
    }

    /** JSON as objects, or text; null for JSON without a body. */
    private static function data(Request $request)
    {
        $text = (string) $request->getBody();
        if ($request->mediaType() !== 'application/json') {
            return $text;
        }
        $data = json_decode($text);
        if ($text !== '' && json_last_error() !== JSON_ERROR_NONE) {
            throw new InvalidJson("the request's body is announced as JSON but is none: " . json_last_error_msg());
        }
        return $data;
    }
}
