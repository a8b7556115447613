<?php

function run($event, $context)
{
    foreach (['one', 'two', 'three'] as $part) {
        yield "$part\n";
    }
}
