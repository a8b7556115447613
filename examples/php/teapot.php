<?php

// A response as PSR-7 has it.
function foo($event, $context)
{
    $asked = $event->extensions->request->getUri()->getPath();
    return $event->extensions->response->withStatus(418)->withHeader('X-Asked-For', $asked)->write('short and stout');
}
