<?php

// Deploy it with --timeout 1: the call is answered with 408, and other calls do not notice.
function foo($event, $context)
{
    while ($event->data === 'forever') {
    }
    return 'in time';
}
