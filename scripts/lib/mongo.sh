# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# MongoDB: the server that MONGODB_URI names, else a private mongod, else FerretDB over DocumentDB
# (documentdb.sh). A stack that has data keeps the kind that holds them.

# mongo_kind: prints external, mongod or ferretdb.
mongo_kind() {
    local kind
    if [[ ${MONGODB_URI:-} && $MONGODB_URI != "$(env_get MONGODB_URI)" ]]; then
        printf external
        return
    fi
    kind=$(state_get MONGO_KIND)
    if [[ $kind ]]; then
        printf '%s' "$kind"
    elif [[ -e $VAR/mongo/stack ]]; then
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
    state_set MONGO_KIND "$kind"
    (umask 077 && mkdir -p "$VAR/mongo")
    "${kind}_start"
}

mongo_stop() {
    "$(mongo_kind)_stop"
}

mongo_kill() {
    "$(mongo_kind)_kill"
}

mongo_status() {
    "$(mongo_kind)_status"
}

# mongo_publish PASSWORD: writes the address of a local server to var/env.
mongo_publish() {
    env_set MONGODB_URI "mongodb://larder:$1@127.0.0.1:$(port mongo)/larder?authSource=admin"
}

# mongo_status_line UP PIDS: one line for the table; UP is a status.
mongo_status_line() {
    local state=up
    (($1 == 0)) || state=down
    printf '%s|%s|127.0.0.1:%s (%s)\n' "$state" "$2" "$(port mongo)" "$(mongo_kind)"
    return "$1"
}

external_start() {
    [[ ! ${MONGODB_URI:-} ]] || env_set MONGODB_URI "$MONGODB_URI"
}

external_stop() {
    return 0
}

external_kill() {
    fail "MongoDB is not ours to kill: MONGODB_URI names it."
}

external_status() {
    printf 'external|-|%s\n' "$(without_secret "$(env_get MONGODB_URI)")"
}
