# Runs .NET Core functions, whose compile step puts the server beside them. All versions run on 3.1, which the server needs.
ARG VERSION=3.1
# Without a default, for it comes from Microsoft's registry:
# BASE dotnet/runtime:3.1
ARG BASE
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless runtime dotnetcore${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/dotnet/supervise.sh /opt/kubeless_runtime/
ENV HOME=/tmp
USER 1000:1000
EXPOSE 8080
CMD ["sh", "/opt/kubeless_runtime/supervise.sh", "dotnet", "/kubeless/.kubeless/server/Kubeless.Server.dll"]
