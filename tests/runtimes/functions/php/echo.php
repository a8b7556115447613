<?php

function run($event, $context)
{
    return $event->data;
}
