<?php

$calls = 0;

function run($event, $context)
{
    global $calls;
    $calls += 1;
    return (string) $calls;
}
