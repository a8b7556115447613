<?php

function run($event, $context)
{
    $request = $event->extensions->request;
    $fields = [];
    foreach (['id', 'type', 'time', 'namespace'] as $name) {
        $fields[$name] = $event->{"event-$name"};
    }
    $ce = [];
    foreach ($event->extensions as $name => $value) {
        if (strpos($name, 'ce-') === 0) {
            $ce[$name] = $value;
        }
    }
    return [
        'event' => $fields,
        'context' => [
            'name' => $context->{'function-name'},
            'timeout' => $context->timeout,
            'runtime' => $context->runtime,
            'memory' => $context->{'memory-limit'},
        ],
        'request' => [
            'method' => $request->getMethod(),
            'path' => $request->getUri()->getPath(),
            'query' => $request->getQueryParams()['q'],
            'header' => $request->getHeaderLine('X-Test'),
        ],
        'ce' => (object) $ce,
    ];
}
