#!/bin/sh
# Makes a function ready to be served.
#
#   compile.sh FOLDER        compiles the Java sources of FOLDER, with Maven if there is a pom.xml
#   compile.sh FOLDER jar    takes the jars of FOLDER as they are
#
# What is made goes to FOLDER/.kubeless: server.jar, classes/ and lib/. The server is compiled once for each version of
# Java, and the same function is not compiled twice: both stay in ~/.cache/kubeless/java, by the hash of what they are
# made of.
set -eu

ours=$(cd "$(dirname "$0")" && pwd)
volume=$(cd "$1" && pwd)
kind=${2:-source}
made=$volume/.kubeless
cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
cache=${cache:+$cache/kubeless/java} # of the user alone: what lies in a folder of all might be anybody's
java=${KUBELESS_JAVA:-java}
javac=$(dirname "$(command -v "$java")")/javac
[ -x "$javac" ] || javac=javac
MOST_KEPT=40
hash=sha256sum
command -v sha256sum >/dev/null || hash="shasum -a 256"

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
    [ -n "$cache" ] && [ -d "$cache/$1" ] && cp -R "$cache/$1/." "$2" && touch "$cache/$1"
}

fail() {
    echo "$1" >&2
    exit 1
}

compile() { # into a folder, with a class path, the sources that are listed in a file
    LC_ALL=C.UTF-8 "$javac" -encoding UTF-8 -nowarn -XDignore.symbol.file -proc:none -d "$1" -cp "$2" "@$3" \
        >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        # A condition shows the last line of a log, so the first mistake is repeated.
        fail "Unable to compile the function: $(grep -m 1 -E ': error:|^error:' "$work/log")"
    }
    cat "$work/log" >&2
}

list() { # the sources below a folder, as javac reads them from a file
    (cd "$1" && find . -name .kubeless -prune -o -name target -prune -o -name '*.java' -print | sed 's/.*/"&"/')
}

make_server() {
    mkdir -p "$work/classes"
    (cd "$ours" && find params server -name '*.java' >"$work/sources" && compile "$work/classes" . "$work/sources")
    printf 'Automatic-Module-Name: io.kubeless\n' >"$work/manifest"
    mkdir "$work/server"
    "$(dirname "$javac")/jar" cfm "$work/server/server.jar" "$work/manifest" -C "$work/classes" .
}

compile_plain() {
    list "$volume" >"$work/sources"
    [ -s "$work/sources" ] || fail "Unable to compile the function: there is no .java file in the function's folder"
    mkdir -p "$work/made/classes" "$work/made/lib"
    (cd "$volume" && compile "$work/made/classes" "$made/server.jar" "$work/sources")
}

first_error() { # that Maven reports, without what all of them begin with
    grep '^\[ERROR\]' "$work/log" | grep -v 'COMPILATION ERROR' | head -n 1 |
        sed -e 's/^\[ERROR\] //' -e 's/^Failed to execute goal on project function: //' -e 's/ -> \[Help 1\]$//'
}

# The function becomes a module beside `params`, below the parent pom of the original: Maven finds both there, and
# nothing of ours has to be in any repository.
compile_maven() {
    command -v mvn >/dev/null || fail "pom.xml: Maven is not installed; install it with \`apt install maven\`"
    mkdir -p "$work/tree/params/src/main/java" "$work/tree/function/src/main/java/io/kubeless" "$work/made/classes" "$work/made/lib"
    cp "$ours/maven/pom.xml" "$work/tree/pom.xml"
    cp "$ours/maven/params.xml" "$work/tree/params/pom.xml"
    cp -R "$ours/params/io" "$work/tree/params/src/main/java/"
    (cd "$volume" && tar cf - --exclude ./.kubeless --exclude ./target .) | (cd "$work/tree/function" && tar xf -)
    for source in "$work/tree/function"/*.java; do
        if [ -e "$source" ]; then mv "$source" "$work/tree/function/src/main/java/io/kubeless/"; fi
    done
    version=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')
    (cd "$work/tree" && mvn -B -q -ntp -Dkubeless.java="$version" -DskipTests \
        package dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/made/lib" 2>&1) |
        sed -e "s/$(printf '\033')\[[0-9;]*m//g" -e "s|$work/tree/||g" -e '/^$/d' >"$work/log"
    if grep -q '^\[ERROR\]' "$work/log" || [ ! -d "$work/tree/function/target/classes" ]; then
        grep -v -E 're-run Maven|Re-run Maven|Help 1\] http|mvn <args>|After correcting|^\[ERROR\] *$' "$work/log" >&2
        fail "Unable to compile the function: $(first_error)"
    fi
    cat "$work/log"
    cp -R "$work/tree/function/target/classes/." "$work/made/classes/"
    rm -f "$work/made/lib"/params-*.jar
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$made"
mkdir -p "$made"
version=$("$java" -version 2>&1 | tr -dc '[:alnum:]._')
server=server-$version-$(digest "$ours")
if ! take "$server" "$made"; then
    make_server
    cp "$work/server/server.jar" "$made/"
    keep "$work/server" "$server"
fi
if [ "$kind" = jar ]; then
    for jar in "$volume"/*.jar; do
        [ "$(head -c 2 "$jar" 2>/dev/null)" = PK ] || fail "error: ${jar##*/} is no jar file"
    done
    exit 0
fi

function=function-$version-$(digest "$ours" "$volume")
take "$function" "$made" && exit 0
if [ -s "$volume/pom.xml" ]; then compile_maven; else compile_plain; fi
cp -R "$work/made/." "$made/"
keep "$work/made" "$function"
