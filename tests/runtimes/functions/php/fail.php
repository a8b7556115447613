<?php

function run($event, $context)
{
    if ($event->data === 'throw') {
        throw new InvalidArgumentException('the secret is 12345');
    }
    return 'ok';
}
