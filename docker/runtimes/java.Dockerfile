# Runs Java functions, beside which the compile step puts the server. VERSION is that of Java.
ARG VERSION=21
ARG BASE=eclipse-temurin:${VERSION}-jre
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime java${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/java/supervise.sh /opt/kubeless_runtime/
ENV HOME=/tmp
USER 1000:1000
EXPOSE 8080
ENTRYPOINT []
CMD ["sh", "/opt/kubeless_runtime/supervise.sh", "java", \
    "-XX:+UseSerialGC", "-XX:-UsePerfData", \
    "-Dfile.encoding=UTF-8", "-Dsun.stdout.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8", \
    "-Djdk.virtualThreadScheduler.parallelism=32", \
    "-cp", "/kubeless/.kubeless/server.jar:/kubeless/.kubeless/classes:/kubeless/.kubeless/lib/*", "io.kubeless.server.Main"]
