<?php
/**
 * The function server: this process speaks HTTP, worker processes run the function.
 *
 * So nothing that a function does (an endless loop, exit, a file that never returns from being loaded) stops the server
 * from answering. It listens once the function is loaded, and ends with code 1 if that cannot be done; the last line of
 * the log then says why.
 */

declare(strict_types=1);

namespace Kubeless;

require __DIR__ . '/lib/front.php';

ini_set('display_errors', 'stderr');
ini_set('html_errors', '0');
ini_set('log_errors', '0');
ini_set('memory_limit', '-1'); // the container has a limit
error_reporting(E_ALL);

try {
    foreach (['pcntl', 'posix'] as $extension) {
        if (!extension_loaded($extension)) {
            throw new SettingError("the function server needs PHP's extension $extension; install or enable it");
        }
    }
    exit((new Front(Settings::fromEnvironment(getenv())))->run());
} catch (SettingError $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
