<?php

function run($event, $context)
{
    [$kind, $seconds] = explode(' ', (string) $event->data) + ['', '0'];
    if ($kind === 'wait') {
        usleep((int) ($seconds * 1e6));
    }
    while ($kind === 'stuck') {
    }
    return 'ok';
}
