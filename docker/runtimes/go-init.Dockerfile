# Compiles Go functions into programs that have the server in them. VERSION is that of Go.
ARG VERSION=1.26
ARG BASE=golang:${VERSION}
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless compiler go${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/go /opt/kubeless_runtime
RUN printf '#!/bin/sh\nexec sh /opt/kubeless_runtime/compile.sh "${KUBELESS_INSTALL_VOLUME:-/kubeless}"\n' >/compile-function.sh \
    && chmod 755 /compile-function.sh
ENV HOME=/tmp GOPATH=/tmp/go
USER 1000:1000
ENTRYPOINT []
CMD ["/compile-function.sh"]
