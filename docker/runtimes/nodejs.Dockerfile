# Runs Node.js functions. VERSION is that of the runtime id: nodejs22 is made with VERSION=22.
ARG VERSION=22
ARG BASE=node:${VERSION}-slim
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime nodejs${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/nodejs /opt/kubeless_runtime
ENV HOME=/tmp NODE_ENV=production
USER 1000:1000
EXPOSE 8080
CMD ["node", "/opt/kubeless_runtime/server.js"]
