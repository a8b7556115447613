# Puts a function's source in place (the step `prepare`): a shell, base64, sha256sum, curl, unzip and tar.
ARG BASE=debian:12-slim
FROM ${BASE}
LABEL org.opencontainers.image.title="Kubeless provisioning" org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update && apt-get install -y --no-install-recommends bzip2 ca-certificates curl unzip xz-utils && rm -rf /var/lib/apt/lists/*
ENV HOME=/tmp
USER 1000:1000
CMD ["sh"]
