<?php

use Kubeless\Used\Word;

function run($event, $context)
{
    return Word::TEXT;
}
