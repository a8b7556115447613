#!/usr/bin/env bash
# Builds images: docker/build.sh [services | unzip | <runtime image>:<version>]...
#
# Without arguments: the services, and one version of each runtime. All runtime images that there are:
#   docker/build.sh $(docker/build.sh --list)
#
# TOOL           docker, podman or buildah; default: the first of them on PATH
# REGISTRY       where the images go by name, such as example.com/team; default: kubeless
# BASE_REGISTRY  a mirror that base images are taken from, such as mirror.example.com/library;
#                needed for those that do not come from Docker's own registry (distroless, dotnet)
# VERSION        of the services; default: what git says
# OPTIONS        more options of the tool, such as '--platform linux/arm64'
set -euo pipefail
cd "$(dirname "$0")/.."

REGISTRY=${REGISTRY:-kubeless}
VERSION=${VERSION:-$(git describe --tags --always 2>/dev/null || echo dev)}
REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)
DEFAULT="services unzip python:3.13 nodejs:24"

list() {
    grep -oE 'image: REGISTRY/[a-z0-9.:-]+' charts/kubeless/files/runtime-images.yaml | sed 's#.*/##' | sort -u |
        while read -r image; do [ -e "docker/runtimes/${image%%:*}.Dockerfile" ] && echo "$image"; done || true
}

if [ "${1:-}" = --list ]; then list; exit; fi

for tool in ${TOOL:-docker podman buildah}; do command -v "$tool" >/dev/null && TOOL=$tool && break; done
if ! command -v "${TOOL:-}" >/dev/null; then
    echo "docker/build.sh: none of docker, podman and buildah is on PATH; install one, or name it in TOOL" >&2
    exit 1
fi
command=build
if [ "$(basename "$TOOL")" = buildah ]; then command=bud; fi

# The base image from the mirror; without a mirror the Dockerfile must have a default.
mirrored() {
    local base
    base=$(sed -nE 's/^(ARG BASE=|# BASE )//p' "$1" | head -n 1)
    if [ -n "${BASE_REGISTRY:-}" ] && [ -n "$base" ]; then
        echo "--build-arg BASE=$BASE_REGISTRY/${base//'${VERSION}'/$2}"
    elif grep -q '^ARG BASE$' "$1"; then
        echo "docker/build.sh: $1 has no default base; name in BASE_REGISTRY where ${base//'${VERSION}'/$2} is" >&2
        return 1
    fi
}

build() { # Dockerfile, version, image, further options
    local file=$1 version=$2 image=$3 base
    shift 3
    echo "== $image"
    base=$(mirrored "$file" "$version")
    # shellcheck disable=SC2086 # options are words
    "$TOOL" $command ${OPTIONS:-} -f "$file" --build-arg "VERSION=$version" $base "$@" -t "$image" .
}

for name in ${*:-$DEFAULT}; do
    case $name in
        services) build docker/service.Dockerfile "$VERSION" "$REGISTRY/services:$VERSION" --build-arg "REVISION=$REVISION" ;;
        unzip) build docker/runtimes/unzip.Dockerfile "" "$REGISTRY/unzip:latest" ;;
        *:*)
            if [ ! -e "docker/runtimes/${name%%:*}.Dockerfile" ]; then
                echo "docker/build.sh: there is no image $name; docker/build.sh --list names all" >&2
                exit 1
            fi
            build "docker/runtimes/${name%%:*}.Dockerfile" "${name#*:}" "$REGISTRY/$name"
            ;;
        *) echo "docker/build.sh: $name needs a version, such as $name:1" >&2; exit 1 ;;
    esac
done
