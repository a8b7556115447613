# Runs Ruby functions. VERSION is that of the runtime id: ruby3.3 is made with VERSION=3.3.
ARG VERSION=3.3
ARG BASE=ruby:${VERSION}-slim
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime ruby${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/ruby /opt/kubeless_runtime
ENV HOME=/tmp LANG=C.UTF-8
USER 1000:1000
EXPOSE 8080
CMD ["ruby", "/opt/kubeless_runtime/server.rb"]
