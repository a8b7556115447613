# Runs .NET functions, whose compile step puts the server beside them. VERSION is that of the runtime id: dotnet8 is made
# with VERSION=8.
ARG VERSION=8
# Without a default, for it comes from Microsoft's registry:
# BASE dotnet/runtime:${VERSION}.0
ARG BASE
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime dotnet${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/dotnet/supervise.sh /opt/kubeless_runtime/
ENV HOME=/tmp
USER 1000:1000
EXPOSE 8080
CMD ["sh", "/opt/kubeless_runtime/supervise.sh", "dotnet", "/kubeless/.kubeless/server/Kubeless.Server.dll"]
