# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# MongoDB: the server that MONGODB_URI named for scripts/up (servers.sh), else a private mongod, else
# FerretDB over DocumentDB (documentdb.sh). A stack that has data keeps the kind that holds them.

# mongo_kind: prints external, mongod or ferretdb.
mongo_kind() {
    if [[ $(state_get MONGO_KIND) == external ]]; then
        printf external
    else
        mongo_own_kind
    fi
}

# mongo_own_kind: prints of which kind the stack's own server is, or would be.
mongo_own_kind() {
    if [[ -e $VAR/mongo/stack ]]; then
        printf ferretdb
    elif [[ -e $VAR/mongo/data ]] || command -v mongod >/dev/null; then
        printf mongod
    else
        printf ferretdb
    fi
}

mongo_start() {
    local kind
    kind=$(mongo_kind)
    [[ $kind != external ]] || return 0
    (umask 077 && mkdir -p "$VAR/mongo")
    "${kind}_start"
}

mongo_stop() {
    "$(mongo_own_kind)_stop"
}

mongo_kill() {
    local kind
    kind=$(mongo_kind)
    [[ $kind != external ]] || fail "MongoDB is not ours to kill: MONGODB_URI names it."
    "${kind}_kill"
}

mongo_status() {
    local kind
    kind=$(mongo_kind)
    if [[ $kind == external ]]; then
        external_status MONGODB_URI user list
    else
        "${kind}_status"
    fi
}

# mongo_own: prints how the address of the stack's own server begins.
mongo_own() {
    printf 'mongodb://larder:%s@127.0.0.1:' "$(cat "$VAR/mongo/password" 2>/dev/null || secret)"
}

# mongo_publish: writes the address of the stack's own server to var/env.
mongo_publish() {
    env_set MONGODB_URI "$(mongo_own)$(port mongo)/larder?authSource=admin"
}

# mongo_status_line UP PIDS: one line for the table; UP is a status.
mongo_status_line() {
    local state=up
    (($1 == 0)) || state=down
    printf '%s|%s|127.0.0.1:%s (%s)\n' "$state" "$2" "$(port mongo)" "$(mongo_kind)"
    return "$1"
}
