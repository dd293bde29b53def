# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The stack's ports count up from LARDER_PORT; a stack that exists keeps the ones it has. nginx
# listens at LARDER_BIND, all others at 127.0.0.1 only.

PORT_DEFAULT=8080
BIND_DEFAULT=127.0.0.1
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

# bind_claim: remembers LARDER_BIND; an empty one goes back to 127.0.0.1.
bind_claim() {
    [[ ${LARDER_BIND+set} ]] || return 0
    [[ $LARDER_BIND =~ ^([0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)?$ ]] ||
        fail "LARDER_BIND=$LARDER_BIND is no address." "It must be one such as 0.0.0.0 or ::1."
    setting_put "$STATE_FILE" LARDER_BIND "$LARDER_BIND"
}

# bind_address: prints the address that nginx listens at.
bind_address() {
    local address
    address=$(state_get LARDER_BIND)
    printf '%s' "${address:-$BIND_DEFAULT}"
}

# bind_reached: prints an address at which this machine reaches it.
bind_reached() {
    case $(bind_address) in
        0.0.0.0) printf '127.0.0.1' ;;
        ::) printf '::1' ;;
        *) bind_address ;;
    esac
}

# with_port ADDRESS PORT: prints them as a URL and nginx have them.
with_port() {
    if [[ $1 == *:* ]]; then
        printf '[%s]:%s' "$1" "$2"
    else
        printf '%s:%s' "$1" "$2"
    fi
}

# port_in_use PORT [ADDRESS]: whether something answers there.
port_in_use() {
    (exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1") 2>/dev/null
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
    local number who='' first='' address=127.0.0.1
    if [[ $1 == nginx ]]; then
        nginx_end_strays TERM
        address=$(bind_reached)
    fi
    number=$(port "$1")
    port_in_use "$number" "$address" || return 0
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
