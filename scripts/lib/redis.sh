# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The stack's own Redis, or the one that REDIS_URL named for scripts/up (servers.sh).

# redis_kind: prints external or local.
redis_kind() {
    local kind
    kind=$(state_get REDIS_KIND)
    printf '%s' "${kind:-local}"
}

# redis_own: prints how the address of the stack's own server begins.
redis_own() {
    printf 'redis://:%s@127.0.0.1:' "$(cat "$VAR/redis/password" 2>/dev/null || secret)"
}

# redis_address: prints the address of the stack's own server.
redis_address() {
    printf '%s%s/0' "$(redis_own)" "$(port redis)"
}

redis_publish() {
    env_set REDIS_URL "$(redis_address)"
}

redis_start() {
    [[ $(redis_kind) == local ]] || return 0
    if alive redis; then
        redis_publish
        return
    fi
    packages_need redis-server redis-tools
    port_need redis
    redis_configure
    redis_publish
    step "Starting Redis on 127.0.0.1:$(port redis)" "See $LOG/redis.log." redis_launch
}

redis_configure() {
    local password port
    (umask 077 && mkdir -p "$VAR/redis")
    [[ -s $VAR/redis/password ]] || secret | write_private "$VAR/redis/password"
    password=$(<"$VAR/redis/password")
    port=$(port redis)
    write_private "$VAR/redis/redis.conf" <<END
# Written by scripts/stack.
bind 127.0.0.1
port $port
unixsocket "$RUN/redis.sock"
unixsocketperm 700
requirepass $password
daemonize yes
# So that its command line names the stack.
set-proc-title no
pidfile "$RUN/redis.pid"
logfile "$LOG/redis.log"
dir "$VAR/redis"

# For the views, which are nowhere else: a snapshot at an orderly end, and now and then. The entries
# in it are of an old epoch when it is read: out of reach, and soon reclaimed. One that cannot be
# written must not keep Redis from taking writes.
save 900 1
dbfilename dump.rdb
stop-writes-on-bgsave-error no
appendonly no

# Every cached entry has a TTL, and only such keys may be evicted, the least used first.
maxmemory 256mb
maxmemory-policy volatile-lfu
lazyfree-lazy-eviction yes
lazyfree-lazy-expire yes

# Bursts of connections from many workers.
tcp-backlog 511
timeout 0
tcp-keepalive 60
END
}

redis_launch() {
    rm -f "$RUN/redis.pid"
    redis-server "$VAR/redis/redis.conf"
    wait_until 10 redis_answers
}

# redis_cli ARGUMENT…: redis-cli on the stack's server; the password goes by the environment.
redis_cli() {
    REDISCLI_AUTH=$(<"$VAR/redis/password") redis-cli -s "$RUN/redis.sock" "$@"
}

redis_answers() {
    [[ $(redis_cli ping 2>/dev/null) == PONG ]] && alive redis
}

redis_stop() {
    end redis 30 # its snapshot may take some seconds
}

redis_kill() {
    [[ $(redis_kind) == local ]] || fail "Redis is not ours to kill: REDIS_URL names it."
    end_now redis
}

redis_status() {
    if [[ $(redis_kind) == external ]]; then
        external_status REDIS_URL redis ping
    elif redis_answers; then
        printf 'up|%s|127.0.0.1:%s\n' "$(pid_of redis)" "$(port redis)"
    else
        printf 'down|-|127.0.0.1:%s\n' "$(port redis)"
        return 1
    fi
}
