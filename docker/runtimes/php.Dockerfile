# Runs PHP functions. VERSION is that of the runtime id: php8.3 is made with VERSION=8.3. The base lacks pcntl, which
# the server needs; BASE may be another image of PHP that has it, or in which it can be compiled.
ARG VERSION=8.3
ARG BASE=php:${VERSION}-cli
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime php${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
RUN php -m | grep -qx pcntl || docker-php-ext-install pcntl
COPY services/kubeless/runtimes/php /opt/kubeless_runtime
ENV HOME=/tmp
USER 1000:1000
EXPOSE 8080
CMD ["php", "/opt/kubeless_runtime/server.php"]
