<?php

declare(strict_types=1);

namespace Kubeless;

require_once __DIR__ . '/answer.php';
require_once __DIR__ . '/event.php';
require_once __DIR__ . '/frames.php';
require_once __DIR__ . '/userfunction.php';

/** What runs in a worker: load the function, then answer one call after the other. */
final class WorkerProcess
{
    public const EXIT_LOAD_FAILED = 75;
    private const GRACE = 5;

    private $settings;
    private $channel;

    /** @param resource $channel a blocking socket to the front; at its end this process ends as well */
    public function __construct(Settings $settings, $channel)
    {
        $this->settings = $settings;
        $this->channel = $channel;
        stream_set_blocking($channel, true);
    }

    /** The exit code. */
    public function run(): int
    {
        try {
            $function = new UserFunction($this->settings);
        } catch (LoadFailed $error) {
            fwrite(STDERR, $error->getMessage() . "\n");
            return self::EXIT_LOAD_FAILED;
        }
        $this->send(Frames::ready());
        while (($call = Frames::readCall($this->channel)) !== null) {
            // Should the front be killed, nobody else ends a function that computes for ever.
            set_time_limit((int) ceil($this->settings->timeout) + self::GRACE);
            $this->send($this->answer($function, new Request(...$call)));
        }
        return 0;
    }

    private function answer(UserFunction $function, Request $request): string
    {
        try {
            $event = Event::make($request);
            $response = $event->extensions->response;
            $value = $function($event, Event::context($this->settings));
            return Frames::answer(...Answer::encode($value, $response));
        } catch (\Throwable $error) {
            fwrite(STDERR, "Function failed to execute: $error\n");
            return Frames::answer(500, "Content-Type: text/plain; charset=utf-8\r\n", "Internal Server Error\n");
        }
    }

    private function send(string $bytes): void
    {
        for ($sent = 0; $sent < strlen($bytes); $sent += $count) {
            $count = @fwrite($this->channel, substr($bytes, $sent, 1 << 20));
            if (!$count) {
                exit(0); // the front has gone
            }
        }
    }
}
