<?php

declare(strict_types=1);

namespace Kubeless;

/** The body of a request or a response; its methods are those of a PSR-7 stream that functions commonly use. */
final class Body
{
    private $text;

    public function __construct(string $text = '')
    {
        $this->text = $text;
    }

    public function write(string $text): int
    {
        $this->text .= $text;
        return strlen($text);
    }

    public function getContents(): string
    {
        return $this->text;
    }

    public function getSize(): int
    {
        return strlen($this->text);
    }

    public function __toString(): string
    {
        return $this->text;
    }
}

/** Where a request was sent; methods as in PSR-7. */
final class Uri
{
    private $host;
    private $target;

    public function __construct(string $host, string $target)
    {
        $this->host = $host;
        $this->target = $target;
    }

    public function getHost(): string
    {
        return $this->host;
    }

    /** The path with percent-encoding resolved. */
    public function getPath(): string
    {
        return rawurldecode(explode('?', $this->target, 2)[0]);
    }

    public function getQuery(): string
    {
        return explode('?', $this->target, 2)[1] ?? '';
    }

    public function __toString(): string
    {
        return "http://{$this->host}{$this->target}";
    }
}

/**
 * The request, as a function finds it in `$event->extensions->request`. The original handed out a PSR-7 request; the
 * methods here have its names, for what functions commonly use of it.
 */
final class Request
{
    private $method;
    private $target;
    private $version;
    private $headers;
    private $body;
    private $client;

    /** Headers are by name in lower case. */
    public function __construct(
        string $method, string $target, string $version, array $headers, string $body, string $client
    ) {
        [$this->method, $this->target, $this->version] = [$method, $target, $version];
        [$this->headers, $this->body, $this->client] = [$headers, new Body($body), $client];
    }

    public function getMethod(): string
    {
        return $this->method;
    }

    public function getRequestTarget(): string
    {
        return $this->target;
    }

    public function getProtocolVersion(): string
    {
        return substr($this->version, 5);
    }

    public function getUri(): Uri
    {
        return new Uri($this->headers['host'] ?? 'localhost', $this->target);
    }

    /** By name, each as a list. */
    public function getHeaders(): array
    {
        return array_map(static function (string $value): array {
            return [$value];
        }, $this->headers);
    }

    public function hasHeader(string $name): bool
    {
        return isset($this->headers[strtolower($name)]);
    }

    public function getHeader(string $name): array
    {
        return $this->hasHeader($name) ? [$this->headers[strtolower($name)]] : [];
    }

    public function getHeaderLine(string $name): string
    {
        return $this->headers[strtolower($name)] ?? '';
    }

    public function getBody(): Body
    {
        return $this->body;
    }

    public function getQueryParams(): array
    {
        parse_str($this->getUri()->getQuery(), $parameters);
        return $parameters;
    }

    /** One parameter of the query, as in Slim. */
    public function getQueryParam(string $name, $default = null)
    {
        return $this->getQueryParams()[$name] ?? $default;
    }

    /** JSON or a form; null if it is neither. */
    public function getParsedBody()
    {
        switch ($this->mediaType()) {
            case 'application/json':
                return json_decode((string) $this->body, true);
            case 'application/x-www-form-urlencoded':
                parse_str((string) $this->body, $parameters);
                return $parameters;
            default:
                return null;
        }
    }

    public function getServerParams(): array
    {
        return ['REMOTE_ADDR' => $this->client, 'REQUEST_METHOD' => $this->method, 'REQUEST_URI' => $this->target];
    }

    /** `application/json` of `Application/JSON; charset=utf-8`. */
    public function mediaType(): string
    {
        return strtolower(trim(explode(';', $this->getHeaderLine('content-type'), 2)[0]));
    }
}

/**
 * The response in `$event->extensions->response`, to be returned by the function. Methods as in PSR-7 and Slim: those
 * named `with...` return another response.
 */
final class Response
{
    private $status = 200;
    /** @var array by name in lower case, the name as given and its values */
    private $headers = [];
    private $body;

    public function __construct()
    {
        $this->body = new Body();
    }

    public function getStatusCode(): int
    {
        return $this->status;
    }

    public function withStatus(int $status, string $reason = ''): self
    {
        $other = clone $this;
        $other->status = $status;
        return $other;
    }

    public function getHeaders(): array
    {
        return array_column($this->headers, 1, 0);
    }

    public function getHeaderLine(string $name): string
    {
        return implode(', ', $this->headers[strtolower($name)][1] ?? []);
    }

    public function withHeader(string $name, $value): self
    {
        $other = clone $this;
        $other->headers[strtolower($name)] = [$name, (array) $value];
        return $other;
    }

    public function withAddedHeader(string $name, $value): self
    {
        return $this->withHeader($name, array_merge($this->headers[strtolower($name)][1] ?? [], (array) $value));
    }

    public function getBody(): Body
    {
        return $this->body;
    }

    public function withBody($body): self
    {
        $other = clone $this;
        $other->body = new Body((string) $body);
        return $other;
    }

    public function write(string $text): self
    {
        $this->body->write($text);
        return $this;
    }

    /** @throws UnusableAnswer */
    public function withJson($value, int $status = 200): self
    {
        $other = $this->withStatus($status)->withHeader('Content-Type', 'application/json');
        return $other->withBody(Answer::json($value));
    }
}
