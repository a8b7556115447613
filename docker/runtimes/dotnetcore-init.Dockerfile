# Compiles .NET Core functions of all versions, for 3.1, which the server needs.
ARG VERSION=3.1
# Without a default, for it comes from Microsoft's registry:
# BASE dotnet/sdk:3.1
ARG BASE
FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="Kubeless compiler dotnetcore${VERSION}" org.opencontainers.image.licenses="Apache-2.0"
COPY services/kubeless/runtimes/dotnet /app
# The server is compiled here, once, so that the compile step of a function finds it.
RUN cd /app \
    && dotnet publish Kubeless.Server/Kubeless.Server.csproj -c Release -o server -p:KubelessFramework=netcoreapp3.1 \
    && rm -rf Kubeless.*/bin Kubeless.*/obj \
    && mv compile.sh compile-function.sh && chmod 755 compile-function.sh
ENV HOME=/tmp DOTNET_CLI_HOME=/tmp
USER 1000:1000
CMD ["/app/compile-function.sh", "/kubeless"]
