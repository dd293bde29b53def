# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The stack's ports count up from LARDER_PORT; a stack that exists keeps the ones it has.

PORT_DEFAULT=8080
declare -A PORT_OFFSET=([nginx]=0 [redis]=1 [mongo]=2 [postgres]=3)

# ports_base: prints the first port of this stack: the one it has, else the one it is to have.
ports_base() {
    local base
    base=$(state_get LARDER_PORT)
    printf '%s' "${base:-$(ports_wanted)}"
}

# ports_wanted: prints LARDER_PORT, checked.
ports_wanted() {
    local base=${LARDER_PORT:-$PORT_DEFAULT}
    [[ $base =~ ^[0-9]{1,5}$ ]] && ((10#$base >= 1 && 10#$base <= 65532)) ||
        fail "LARDER_PORT=$base is no port number." "It must be from 1 to 65532."
    printf '%d' "$((10#$base))"
}

# port PART: prints the part's port.
port() {
    local base
    base=$(ports_base)
    printf '%d' $((base + PORT_OFFSET[$1]))
}

# stack_runs: whether any process of the stack does.
stack_runs() {
    local name
    for name in redis postgres mongo larderd nginx; do
        ! alive "$name" || return 0
    done
    return 1
}

# ports_claim: remembers the ports. A stack that runs cannot be given others.
ports_claim() {
    local base had
    had=$(state_get LARDER_PORT)
    base=$(ports_wanted)
    [[ ${LARDER_PORT:-} || ! $had ]] || return 0
    [[ $had != "$base" ]] || return 0
    if [[ $had ]] && stack_runs; then
        fail "This stack runs on ports from $had, not $base." \
            "Stop it with scripts/down, or leave LARDER_PORT unset."
    fi
    state_set LARDER_PORT "$base"
}

# port_in_use PORT: whether something answers there.
port_in_use() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# ports_need PART…: fails unless all ports that these parts have yet to take are free.
ports_need() {
    local part name
    for part; do
        for name in $(ports_of "$part"); do
            alive "$name" || port_need "$name"
        done
    done
}

# ports_of PART: prints the names of the ports that it takes in this stack.
ports_of() {
    case $1 in
        nginx) printf 'nginx' ;;
        redis) [[ $(redis_kind) == external ]] || printf 'redis' ;;
        mongo)
            case $(mongo_kind) in
                mongod) printf 'mongo' ;;
                ferretdb) printf 'mongo postgres' ;;
            esac
            ;;
    esac
}

# port_need NAME: fails, saying who has it, unless that port is free.
port_need() {
    local number who='' first=''
    [[ $1 != nginx ]] || nginx_end_strays TERM
    number=$(port "$1")
    port_in_use "$number" || return 0
    ! command -v ss >/dev/null ||
        who=$(ss -Hltnp "sport = :$number" | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (pid \2)/p' |
            head -n 1)
    ! stack_runs || first='scripts/down, then '
    fail "Port $number, which $1 is to have, is taken by ${who:-another program}." \
        "Set LARDER_PORT to the first of four free ports: ${first}LARDER_PORT=$(ports_free) scripts/up"
}

# ports_free: prints the first of four free ports.
ports_free() {
    local base i
    for ((base = 8180; base < 65000; base += 100)); do
        for i in 0 1 2 3; do
            ! port_in_use $((base + i)) || continue 2
        done
        break
    done
    printf '%d' "$base"
}
