# Compiles Java functions, with Maven if there is a pom.xml. VERSION is that of Java.
ARG VERSION=21
ARG BASE=maven:3-eclipse-temurin-${VERSION}
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless compiler java${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/java /opt/kubeless_runtime
RUN printf '#!/bin/sh\nexec sh /opt/kubeless_runtime/compile.sh "${KUBELESS_INSTALL_VOLUME:-/kubeless}"\n' >/compile-function.sh \
    && chmod 755 /compile-function.sh
# Java takes a home from the list of users, and the user may not be in it.
ENV HOME=/tmp MAVEN_ARGS=-Dmaven.repo.local=/tmp/.m2/repository
USER 1000:1000
ENTRYPOINT []
CMD ["/compile-function.sh"]
