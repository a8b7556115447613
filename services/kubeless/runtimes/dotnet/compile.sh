#!/bin/sh
# Makes a function ready to be served: compile.sh FOLDER
#
# What is made goes to FOLDER/.kubeless: the server, and the function as its project publishes it. A function without a
# project gets function.csproj. The server is compiled once for each SDK unless it lies beside this script already, and
# the same function is not compiled twice: both stay in ~/.cache/kubeless/dotnet, by the hash of what they are made of.
set -eu

ours=$(cd "$(dirname "$0")" && pwd)
volume=$(cd "$1" && pwd)
made=$volume/.kubeless
cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
cache=${cache:+$cache/kubeless/dotnet} # of the user alone: what lies in a folder of all might be anybody's
dotnet=${KUBELESS_DOTNET:-dotnet}
MOST_KEPT=40
hash=sha256sum
command -v sha256sum >/dev/null || hash="shasum -a 256"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_UI_LANGUAGE=en

digest() { # of the files below folders; each folder's own place is of no meaning
    for folder in "$@"; do
        (cd "$folder" && find . -name .kubeless -prune -o -type f -print | LC_ALL=C sort | tr '\n' '\0' |
            xargs -0 $hash)
    done | $hash | cut -c1-64
}

keep() { # a folder in the cache; a convenience: where nothing can be written, nothing is kept
    [ -n "$cache" ] || return 0
    part=$cache/.part-$$
    if mkdir -p "$cache" 2>/dev/null && cp -R "$1" "$part" 2>/dev/null; then
        if [ -e "$cache/$2" ]; then rm -rf "$part"; else mv "$part" "$cache/$2"; fi
        ls -t "$cache" | tail -n +$((MOST_KEPT + 1)) | while read -r old; do rm -rf "${cache:?}/$old"; done
    fi
}

take() { # from the cache, if it is there
    [ -n "$cache" ] && [ -d "$cache/$1" ] && mkdir -p "$2" && cp -R "$cache/$1/." "$2" && touch "$cache/$1"
}

fail() {
    echo "$1" >&2
    exit 1
}

publish() { # a project into a folder; nothing of the SDK stays running afterwards
    project=$1 target=$2
    shift 2
    "$dotnet" publish "$project" -c Release -o "$target" -v:m -nodeReuse:false -p:UseSharedCompilation=false \
        -p:UseAppHost=false "$@" 2>&1 | sed -e "s|$work/[a-z]*/||g" >"$work/log"
    # The exit code of a pipe's first command is not to be had in plain sh.
    if grep -q ': error ' "$work/log" || [ -z "$(ls "$target"/*.deps.json 2>/dev/null)" ]; then
        cat "$work/log" >&2
        # A condition shows the last line of a log, so the first mistake is repeated.
        first=$(grep -m 1 ': error ' "$work/log" || tail -n 1 "$work/log")
        fail "Unable to compile the function: $(echo "$first" | sed 's/ \[[^]]*\]$//')"
    fi
}

# Compiled from a copy: the SDK leaves its own files beside a project.
copy() { # what is below a folder, without what an SDK made there
    mkdir -p "$2"
    (cd "$1" && tar cf - --exclude ./.kubeless --exclude bin --exclude obj .) | (cd "$2" && tar xf -)
}

find_project() { # of the function; the default one in the language of its files
    grep -q '[^[:space:]]' "$1/project.csproj" 2>/dev/null || rm -f "$1/project.csproj"
    for project in "$1"/*.csproj "$1"/*.fsproj "$1"/*.vbproj; do
        if [ -s "$project" ]; then return; fi
    done
    for language in cs fs vb; do
        project=$1/project.${language}proj
        if ls "$1"/*."$language" >/dev/null 2>&1; then
            cp "$ours/function.csproj" "$project"
            return
        fi
    done
    fail "Unable to compile the function: there is no .cs, .fs or .vb file in the function's folder"
}

version=$("$dotnet" --version)
case $version in
3.*) framework=netcoreapp3.1 ;;
*) framework=net$(echo "$version" | cut -d. -f1,2) ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$made"
mkdir -p "$made"

server=server-$version-$(digest "$ours")
if [ -e "$ours/server/Kubeless.Server.dll" ]; then
    cp -R "$ours/server" "$made/server"
elif ! take "$server" "$made/server"; then
    copy "$ours" "$work/source"
    publish "$work/source/Kubeless.Server/Kubeless.Server.csproj" "$work/server" "-p:KubelessFramework=$framework"
    keep "$work/server" "$server"
    cp -R "$work/server" "$made/server"
fi

function=function-$version-$(digest "$ours" "$volume")
take "$function" "$made/function" && exit 0
copy "$volume" "$work/function"
find_project "$work/function"
# Any framework of a project is replaced: what counts is the one that runs the server.
publish "$project" "$work/out" "-p:TargetFramework=$framework" "-p:KubelessServer=$made/server" \
    "-p:CustomAfterMicrosoftCommonTargets=$ours/function.targets"
keep "$work/out" "$function"
cp -R "$work/out" "$made/function"
