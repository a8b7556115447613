<?php

use Monolog\Handler\StreamHandler;
use Monolog\Logger;

function foo($event, $context)
{
    $log = new Logger('example');
    $log->pushHandler(new StreamHandler('php://stdout'));
    $log->info('Hello');
    return 'hello world!';
}
