# The image of all services: `docker build -f docker/service.Dockerfile .` in the root of the repository.
# The base is an argument, so that it builds from any mirror; it needs Python 3.11 or newer and its venv module.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY services services
COPY charts charts
# Compiled now: nothing is written when it runs.
RUN python3 -m venv --without-pip /opt/kubeless \
    && python3 -m venv /tmp/tools \
    && /tmp/tools/bin/pip --python /opt/kubeless/bin/python install --no-cache-dir --compile --constraint constraints.txt \
        '.[controller,cron,gateway,kafka,nats,portal,tracing]'

FROM ${BASE}
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Kubeless services" \
      org.opencontainers.image.description="Controller, gateway, Kafka consumer, NATS subscriber, cron scheduler and portal" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/kubeless /opt/kubeless
COPY LICENSE /usr/share/doc/kubeless/LICENSE
ENV PATH=/opt/kubeless/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HEALTH_PORT=8090
USER 10001:10001
# Kubernetes has probes of its own; this is for those who run the image without it. HEALTH_PORT is the admin port.
HEALTHCHECK --interval=10s --timeout=6s CMD python -m kubeless.core.probe "http://127.0.0.1:${HEALTH_PORT}/healthz"
# The argument is the service: kubeless.controller, kubeless.gateway, kubeless.kafka_consumer, kubeless.nats_subscriber or
# kubeless.cron_scheduler.
ENTRYPOINT ["python", "-m"]
CMD ["kubeless.controller"]
