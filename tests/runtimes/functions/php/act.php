<?php

function run($event, $context)
{
    [$kind, $rest] = explode(' ', $event->data, 2) + ['', ''];
    if ($kind === 'exit') {
        exit(3);
    }
    if ($kind === 'print') {
        echo "$rest\n";
    }
    for ($line = 0; $kind === 'noise' && $line < 10240; $line++) {
        echo str_repeat('x', 1023) . "\n";
    }
    return $kind === 'env' ? (string) getenv($rest) : 'ok';
}
