# Runs Python functions on interpreters before 3.9. VERSION is that of the runtime id: python2.7 is made with VERSION=2.7.
ARG VERSION=3.8
ARG BASE=python:${VERSION}-slim
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime python${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/python_legacy/server.py /opt/kubeless_runtime/
COPY services/kubeless/runtimes/python_legacy/kubeless_legacy /opt/kubeless_runtime/kubeless_legacy
RUN python -m compileall -q /opt/kubeless_runtime
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONIOENCODING=utf-8 HOME=/tmp
USER 1000:1000
EXPOSE 8080
CMD ["python", "/opt/kubeless_runtime/server.py"]
