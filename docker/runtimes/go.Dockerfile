# Runs Go functions: programs that need nothing but certificates and time zones. VERSION is that of Go, by which they
# were compiled; the image has none of it.
ARG VERSION=1.26
# Without a default, for it comes from the registry of the distroless images:
# BASE distroless/static-debian12:latest
ARG BASE
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime go${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
ENV HOME=/tmp
USER 1000:1000
EXPOSE 8080
ENTRYPOINT []
CMD ["/kubeless/supervise", "/kubeless/server"]
