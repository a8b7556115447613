<?php

function foo($event, $context)
{
    echo json_encode($event) . "\n";
    return $event->data;
}
