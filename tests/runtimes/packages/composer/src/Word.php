<?php

namespace Kubeless\Used;

final class Word
{
    public const TEXT = 'used';
}
