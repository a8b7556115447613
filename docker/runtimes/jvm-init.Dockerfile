# Puts the server beside functions that are jars. VERSION is that of Java.
ARG VERSION=21
ARG BASE=eclipse-temurin:${VERSION}-jdk
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless compiler jvm${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/java /opt/kubeless_runtime
RUN printf '#!/bin/sh\nexec sh /opt/kubeless_runtime/compile.sh "${KUBELESS_INSTALL_VOLUME:-/kubeless}" jar\n' >/compile-function.sh \
    && chmod 755 /compile-function.sh
ENV HOME=/tmp
USER 1000:1000
ENTRYPOINT []
CMD ["/compile-function.sh"]
