<?php

function run($event, $context)
{
    switch ($event->data) {
        case 'string':
            return 'text';
        case 'object':
            return ['a' => 1, 'b' => [true, null], 'c' => (object) ['d' => 'e']];
        case 'number':
            return 42;
        case 'null':
            return null;
        case 'list':
            return ['a', 'b'];
        case 'empty':
            return '';
        case 'unicode':
            return 'grüße, 世界 🎉';
        case 'binary':
            return implode('', array_map('chr', range(0, 255)));
        case 'big':
            return str_repeat('x', 2 << 20);
        case 'status':
            return $event->extensions->response->withStatus(418)->withHeader('X-Kind', 'short and stout')->write('a teapot');
        case 'unencodable':
            return STDOUT;
    }
}
