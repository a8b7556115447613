<?php

function handler($event, $context)
{
    $ce = $event->extensions;
    return "{$ce->{'ce-type'}} from {$ce->{'ce-source'}}: {$event->data}";
}
