# Runs Python functions. VERSION is that of the runtime id: python3.13 is made with VERSION=3.13.
ARG VERSION=3.13
ARG BASE=python:${VERSION}-slim
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime python${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/python/kubeless_runtime /opt/kubeless_runtime
RUN python3 -m compileall -q /opt/kubeless_runtime
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
USER 1000:1000
EXPOSE 8080
CMD ["python3", "/opt/kubeless_runtime/__main__.py"]
