<?php

declare(strict_types=1);

namespace Kubeless;

/** The function cannot be loaded; the message says why in one line. */
final class LoadFailed extends \Exception
{
}

/** The function's file and the handler in it. */
final class UserFunction
{
    private $handler;

    /** @throws LoadFailed whose cause is the error in the file */
    public function __construct(Settings $settings)
    {
        $label = 'function ' . $settings->functionName() . ' cannot be loaded';
        if (!is_file($settings->file())) {
            throw new LoadFailed("$label: there is no file {$settings->file()}");
        }
        $before = get_defined_functions()['user'];
        $this->load($settings, $label);
        if (!function_exists($settings->handler)) {
            $own = implode(', ', array_diff(get_defined_functions()['user'], $before));
            throw new LoadFailed("$label: the file has no such function; its functions: " . ($own ?: 'none'));
        }
        $this->handler = $settings->handler;
    }

    public function __invoke(\stdClass $event, \stdClass $context)
    {
        return ($this->handler)($event, $context);
    }

    private function load(Settings $settings, string $label): void
    {
        chdir($settings->volume);
        try {
            foreach (["{$settings->volume}/vendor/autoload.php", $settings->file()] as $file) {
                if (is_file($file)) {
                    self::requireGlobally($file);
                }
            }
        } catch (\Throwable $error) {
            $place = "{$error->getMessage()} in {$error->getFile()} on line {$error->getLine()}";
            throw new LoadFailed("$label: " . get_class($error) . ": $place", 0, $error);
        }
    }

    /** What the file sets outside of functions are globals, as if it were the program. */
    private static function requireGlobally(): void
    {
        require func_get_arg(0);
        foreach (get_defined_vars() as $name => $value) {
            $GLOBALS[$name] = $value;
        }
    }
}
