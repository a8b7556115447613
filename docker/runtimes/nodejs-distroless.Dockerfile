# Runs Node.js functions without a shell or a package manager in the image. VERSION is that of the runtime id.
ARG VERSION=22
# Without a default, for it comes from the registry of the distroless images:
# BASE distroless/nodejs${VERSION}-debian12:latest
ARG BASE
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime nodejs_distroless${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/nodejs /opt/kubeless_runtime
ENV HOME=/tmp NODE_ENV=production
USER 1000:1000
EXPOSE 8080
# The entry point of a distroless base is node itself.
CMD ["/opt/kubeless_runtime/server.js"]
