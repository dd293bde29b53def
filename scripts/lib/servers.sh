# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Which Redis and MongoDB the stack works with: its own, or those that REDIS_URL and MONGODB_URI
# name. Only scripts/up looks at these two; every other command goes by what it has recorded. An
# address that was given counts until another is given, until an empty one, or until scripts/down: after
# that the stack has its own servers again.

# servers_choose: records which ones it shall be, if larderd finds all settings valid and a MongoDB
# that is new here answers. Without Redis the workers answer, too.
servers_choose() {
    local redis mongo
    redis=$(server_wanted REDIS_URL "$(redis_own)" "$(redis_kind)")
    mongo=$(server_wanted MONGODB_URI "$(mongo_own)" "$(mongo_kind)")
    workers_check "$(server_address REDIS_URL "$redis")" "$(server_address MONGODB_URI "$mongo")"
    # Not larderd's default, which is another's server.
    [[ $redis == external ]] || setting_set "$WORKER_CONFIG.checked" REDIS_URL "$(redis_address)"
    mongo_need "$mongo"
    rm "$WORKER_CONFIG.checked"
    server_record REDIS_URL REDIS_KIND "$redis"
    server_record MONGODB_URI MONGO_KIND "$mongo"
}

# server_wanted NAME OWN KIND: prints external if the caller's NAME is an address, local if it is empty
# or that of the stack's own server (as var/env says it), and the present KIND where it is not set.
server_wanted() {
    local address=${!1:-}
    if [[ ! ${!1+set} ]]; then
        printf '%s' "$3"
    elif [[ ! $address ]]; then
        printf local
    elif [[ $address == "$2"* ]]; then
        printf local
    else
        printf external
    fi
}

# server_address NAME KIND: prints the address of a server that is not the stack's own.
server_address() {
    [[ $2 == external ]] || return 0
    printf '%s' "${!1:-$(env_get "$1")}"
}

# mongo_need KIND: fails if MONGODB_URI names another server than before, which does not answer. One
# that has answered once may be away for a while.
mongo_need() {
    local new=$WORKER_CONFIG.checked address
    address=$(server_address MONGODB_URI "$1")
    [[ $1 == external ]] || return 0
    [[ $(mongo_kind) != external || $address != "$(env_get MONGODB_URI)" ]] || return 0
    workers_program larderctl --config "$new" user list 2>"$LOG/check-config.log" >/dev/null || {
        cat "$LOG/check-config.log" >&2
        rm "$new"
        fail "MONGODB_URI is $(without_secret "$address"), which does not answer as it should; what runs keeps its own." \
            "Set MONGODB_URI to a server that does, or to nothing, and repeat."
    }
}

# server_record NAME STATE KIND
server_record() {
    [[ $3 != external ]] || env_set "$1" "$(server_address "$1" "$3")"
    state_set "$2" "$3"
}

# servers_leave: stops the stack's own servers that the workers have been taken from.
servers_leave() {
    if [[ $(redis_kind) == external ]]; then
        ! alive redis || say "Stopping the stack's own Redis: REDIS_URL names another."
        redis_stop
    fi
    if [[ $(mongo_kind) == external ]]; then
        ! alive mongo || say "Stopping the stack's own MongoDB, which keeps its data: MONGODB_URI names another."
        mongo_stop
    fi
}

# servers_forget: the next scripts/up takes the stack's own, or is given addresses again.
servers_forget() {
    state_drop REDIS_KIND
    state_drop MONGO_KIND
}

# external_status NAME WORD…: a line for the table. Whether the server that NAME is the address of
# answers is what larderctl WORD… says.
external_status() {
    local name=$1 state=external status=0
    shift
    workers_program larderctl --config "$WORKER_CONFIG" "$@" >/dev/null 2>&1 || status=1
    ((status == 0)) || state=down
    printf '%s|-|%s\n' "$state" "$(without_secret "$(env_get "$name")")"
    return "$status"
}

# without_secret URL: prints it with the password and the options masked; a name alone may be one.
without_secret() {
    sed -E 's#(://([^:/@]*:)?).*@#\1***@#; s#\?.*#?***#' <<<"$1"
}

# database_mark NAME: prints the path of a mark that goes with the database, not with the stack: for
# another's server it has a hash of the hosts and the database that MONGODB_URI names.
database_mark() {
    local id=''
    [[ $(mongo_kind) != external ]] ||
        id=-$(env_get MONGODB_URI | sed -E 's#^[^:]*://([^@/]*@)?##; s#\?.*##' | sha256sum | cut -c 1-16)
    printf '%s/%s%s' "$VAR" "$1" "$id"
}
