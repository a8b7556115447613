<?php

declare(strict_types=1);

namespace Kubeless;

/** The server cannot be started as it is told to; the message names what is wrong and the remedy. */
final class SettingError extends \Exception
{
    public static function of(string $name, string $value, string $remedy): self
    {
        return new self(sprintf('%s=%s cannot be used: %s', $name, var_export(substr($value, 0, 100), true), $remedy));
    }
}

/**
 * Configuration from the environment, read once. A variable that is empty counts as not set. Durations are seconds,
 * sizes are bytes.
 */
final class Settings
{
    private const MEGABYTE = 1024 * 1024;
    private const LONGEST = 366 * 86400;

    /** @var string */
    public $module;
    /** @var string */
    public $handler;
    /** @var string */
    public $volume;
    /** @var string */
    public $host;
    /** @var int */
    public $port;
    /** @var float */
    public $timeout;
    /** @var float */
    public $loadTimeout;
    /** @var float */
    public $shutdownTimeout;
    /** @var string */
    public $runtime;
    /** @var string */
    public $memoryLimit;
    /** @var int The most worker processes; more than one only while others are busy. */
    public $workers;
    /** @var int */
    public $maxBody;

    /** @throws SettingError */
    public static function fromEnvironment(array $environ): self
    {
        $set = array_filter($environ, 'strlen');
        $one = new self();
        $one->module = self::moduleName($set['MOD_NAME'] ?? '');
        $one->handler = self::handlerName($set['FUNC_HANDLER'] ?? '');
        $one->volume = rtrim($set['KUBELESS_INSTALL_VOLUME'] ?? $set['MOD_ROOT_PATH'] ?? '/kubeless', '/');
        $one->host = $set['FUNC_HOST'] ?? '';
        $one->port = self::integer($set, 'FUNC_PORT', 8080, 1, 65535);
        $one->timeout = self::seconds($set, 'FUNC_TIMEOUT', 180);
        $one->loadTimeout = self::seconds($set, 'FUNC_LOAD_TIMEOUT', 120);
        $one->shutdownTimeout = self::seconds($set, 'SHUTDOWN_TIMEOUT', 10);
        $one->runtime = $set['FUNC_RUNTIME'] ?? '';
        $one->memoryLimit = $set['FUNC_MEMORY_LIMIT'] ?? '';
        $one->workers = self::integer($set, 'FUNC_WORKERS', 10, 1, 256);
        $one->maxBody = self::integer($set, 'REQ_MB_LIMIT', 100, 1, 1024) * self::MEGABYTE;
        return $one;
    }

    public function file(): string
    {
        return "{$this->volume}/{$this->module}.php";
    }

    /** As people see it in messages. */
    public function functionName(): string
    {
        return "{$this->module}.{$this->handler}";
    }

    private static function moduleName(string $name): string
    {
        if ($name === '' || preg_match('#^\.\.?$|[/\\\\\0]#', $name)) {
            throw SettingError::of('MOD_NAME', $name, "give the name of the function's file, without folder and .php");
        }
        return $name;
    }

    private static function handlerName(string $name): string
    {
        if (!preg_match('/^[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*$/D', $name)) {
            throw SettingError::of('FUNC_HANDLER', $name, 'give the name of a function in the file, such as hello');
        }
        return $name;
    }

    private static function integer(array $set, string $name, int $default, int $low, int $high): int
    {
        $text = $set[$name] ?? (string) $default;
        if (!preg_match('/^[0-9]{1,15}$/D', $text) || (int) $text < $low || (int) $text > $high) {
            throw SettingError::of($name, $text, "give a whole number from $low to $high");
        }
        return (int) $text;
    }

    private static function seconds(array $set, string $name, float $default): float
    {
        $text = $set[$name] ?? (string) $default;
        $value = preg_match('/^[0-9]*\.?[0-9]+$/D', $text) ? (float) $text : 0.0;
        if ($value <= 0 || $value > self::LONGEST) {
            throw SettingError::of($name, $text, 'give a number of seconds above 0, such as 180 or 0.5');
        }
        return $value;
    }
}
