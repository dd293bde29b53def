# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What a stack is: its folders, the files that describe it, and the one lock over it.
# Every script sources this file first; the other files of this folder are sourced below.

LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
ROOT=$(cd "$LIB/../.." && pwd -P)
VAR=$(realpath -m -- "${LARDER_VAR:-$ROOT/var}")
CACHE=$(realpath -m -- "${LARDER_CACHE:-${HOME:-/root}/.cache/larder}")
# A checkout that is configured itself can be built in nowhere else.
[[ -e $ROOT/config.status ]] && BUILD=$ROOT || BUILD=$ROOT/var/build
BUILD=$(realpath -m -- "${LARDER_BUILD:-$BUILD}")
RUN=$VAR/run
LOG=$VAR/log
PATH=$PATH:/usr/sbin:/sbin
SOCKET_PATH_MAX=107 # sizeof(sun_path) - 1

# shellcheck source=scripts/lib/progress.sh
. "$LIB/progress.sh"
# shellcheck source=scripts/lib/settings.sh
. "$LIB/settings.sh"
# shellcheck source=scripts/lib/process.sh
. "$LIB/process.sh"
# shellcheck source=scripts/lib/packages.sh
. "$LIB/packages.sh"
# shellcheck source=scripts/lib/ports.sh
. "$LIB/ports.sh"
# shellcheck source=scripts/lib/build.sh
. "$LIB/build.sh"
# shellcheck source=scripts/lib/edge.sh
. "$LIB/edge.sh"
# shellcheck source=scripts/lib/redis.sh
. "$LIB/redis.sh"
# shellcheck source=scripts/lib/documentdb.sh
. "$LIB/documentdb.sh"
# shellcheck source=scripts/lib/mongod.sh
. "$LIB/mongod.sh"
# shellcheck source=scripts/lib/mongo.sh
. "$LIB/mongo.sh"
# shellcheck source=scripts/lib/servers.sh
. "$LIB/servers.sh"
# shellcheck source=scripts/lib/workers.sh
. "$LIB/workers.sh"
# shellcheck source=scripts/lib/nginx.sh
. "$LIB/nginx.sh"

# A server that is started here must not keep what the caller has left open: who waits for the end
# of a pipe would wait for the server's.
close_inherited() {
    local fd
    for fd in "/proc/$$/fd/"*; do
        fd=${fd##*/}
        ((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
    done
}
close_inherited

# What ends a script unforeseen is at least named.
on_error() {
    [[ $1 == "$EXPLAINED" ]] || say "error: ${2##*/}, line $3: $4"
}
set -E
trap 'on_error "$?" "${BASH_SOURCE[0]}" "$LINENO" "$BASH_COMMAND"' ERR

PARTS=(redis mongo larderd nginx) # in the order of starting

# The path goes into configurations and patterns as it is.
stack_check_path() {
    [[ $VAR != *[][\"\'\`\\\$\|\&\*\?\;\#{}]* && $VAR != *[[:cntrl:]]* ]] ||
        fail "The stack's folder may have none of [ ] { } \" ' \` \\ \$ | & * ? ; # in its path: $VAR" \
            "Set LARDER_VAR to another folder."
    [[ ! -e $VAR || -d $VAR ]] || fail "$VAR is no folder." "Set LARDER_VAR to another one."
}
stack_check_path

# Makes the stack's folders, readable by their owner only.
stack_make_folders() {
    (umask 077 && mkdir -p "$RUN" "$LOG") ||
        fail "The folder $VAR cannot be made, or written to." "Set LARDER_VAR to one that can."
    ((${#RUN} + 12 <= SOCKET_PATH_MAX)) ||
        fail "The path $RUN is too long for a Unix socket." "Set LARDER_VAR to a shorter folder."
}

# Takes the stack's lock until the script ends, so that two commands never change one stack at the
# same time. Daemons are started by steps, which do not inherit it.
stack_lock() {
    while true; do
        stack_make_folders
        exec {LOCK}>"$VAR/lock"
        flock -n "$LOCK" || say "Waiting for another command on $VAR ..."
        flock "$LOCK"
        # Who was waited for may have removed it: scripts/down --purge.
        [[ ! $VAR/lock -ef /proc/$$/fd/$LOCK ]] || break
        exec {LOCK}>&-
    done
    trap 'interrupted INT' INT
    trap 'interrupted TERM' TERM
    trap 'interrupted HUP' HUP
}

# secret: prints 32 random hexadecimal digits.
secret() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# as_root COMMAND…: runs it with root's rights.
as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        command -v sudo >/dev/null ||
            fail "This needs root's rights: $1" "Install sudo, or run the script as root."
        sudo -- "$@"
    fi
}

# write_private FILE: replaces FILE (mode 0600) by standard input, at once.
write_private() {
    (umask 077 && cat >"$1.new") && mv -f "$1.new" "$1"
}
