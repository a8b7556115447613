#!/bin/sh
# Runs a function's server, given as a command, and keeps it running.
#
# Environment.Exit ends the whole process of a function, and a thread that is stuck ends with its process only. A server
# says USR2 when it accepts calls, and USR1 when it wants another to take its place; it is told TERM once that one is
# ready, and ends when its calls are done. A server that was never ready ends this script with its exit code.

serving= starting= leaving= stopping= ready=
pause=0

alive() {
    [ -n "$1" ] && kill -0 "$1" 2>/dev/null
}

launch() {
    born=$(date +%s)
    "$@" &
    starting=$!
}

succeed() {
    alive "$starting" && return
    KUBELESS_SUCCESSOR=1
    export KUBELESS_SUCCESSOR
    launch "$@"
    unset KUBELESS_SUCCESSOR
}

promote() {
    ready=1
    alive "$starting" || return
    # One at a time is left behind, so that stuck calls cannot pile up.
    alive "$leaving" && kill -KILL "$leaving"
    alive "$serving" && kill -TERM "$serving"
    leaving=$serving serving=$starting starting=
}

stop() {
    stopping=1
    for process in $serving $starting $leaving; do
        kill -TERM "$process" 2>/dev/null
    done
}

command -v "$1" >/dev/null || { echo "$1 is not there" >&2; exit 127; }
trap stop TERM INT
trap promote USR2
trap 'succeed "$@"' USR1
export KUBELESS_SUPERVISOR=$$

launch "$@"
while :; do
    waited=${serving:-$starting}
    wait "$waited"
    code=$?
    alive "$waited" && continue # a signal was heard, and that was all
    if [ -n "$stopping" ]; then
        # The one that leaves has calls that are still waited for.
        if alive "$leaving"; then wait "$leaving"; fi
        exit "$code"
    fi
    [ -z "$ready" ] && exit "$code"
    if [ "$waited" = "$serving" ]; then
        echo "the function ended its process with code $code" >&2
        serving=
    elif [ "$waited" = "$starting" ]; then
        starting=
    fi
    if alive "$serving" || alive "$starting"; then continue; fi
    # At once after a long life, later and later after short ones.
    if [ $(($(date +%s) - born)) -gt 5 ]; then pause=0; fi
    sleep "$pause" & # waited for, so that a signal is heard at once
    wait $!
    pause=$((pause < 5 ? 2 * pause + 1 : 10))
    if [ -n "$stopping" ]; then exit "$code"; fi
    launch "$@"
done
