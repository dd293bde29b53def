# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The FastCGI workers: one listening socket (spawn-fcgi), N processes behind it (supervise).

WORKER_SOCKET=$RUN/larder.sock
WORKER_CONFIG=$VAR/larderd.conf
WORKERS_MAX=256
RESOURCES=$ROOT/resources # unless LARDER_RESOURCES names another folder

# Of the caller's LARDER_* these are for the scripts; all others are the workers' settings.
declare -A SCRIPT_SETTINGS=([LARDER_VAR]=1 [LARDER_BIND]=1 [LARDER_PORT]=1 [LARDER_CACHE]=1
    [LARDER_BUILD]=1 [LARDER_WORKERS]=1 [LARDER_URL]=1 [LARDER_SOCKET]=1 [LARDER_ADMIN_EMAIL]=1
    [LARDER_ADMIN_PASSWORD]=1 [LARDER_TEST_STACKS]=1 [LARDER_TEST_LOGS]=1
    [LARDER_EDGE]=1)

# workers_count: prints how many there shall be.
workers_count() {
    local count=${LARDER_WORKERS:-$(state_get LARDER_WORKERS)} cores
    if [[ ! $count || $count == 0 ]]; then
        cores=$(nproc)
        count=$((cores > 2 ? cores : 2))
    fi
    [[ $count =~ ^[0-9]{1,3}$ ]] && ((10#$count >= 1 && 10#$count <= WORKERS_MAX)) ||
        fail "LARDER_WORKERS=$count is no number from 0 to $WORKERS_MAX (0: one a core)."
    printf '%d' "$((10#$count))"
}

# workers_check REDIS_URL MONGODB_URI: writes the settings to var/larderd.conf.checked; fails if
# larderd does not find them valid. The caller's own LARDER_* are added to those that are there; an
# empty one takes its line away.
workers_check() {
    local name new=$WORKER_CONFIG.checked
    [[ ! ${LARDER_LISTEN:-} ]] ||
        fail "LARDER_LISTEN is for workers started by hand; here they listen on $WORKER_SOCKET." \
            "Unset it, and repeat."
    workers_count >/dev/null
    { cat "$WORKER_CONFIG" 2>/dev/null || true; } | write_private "$new"
    setting_put "$new" REDIS_URL "$1"
    setting_put "$new" MONGODB_URI "$2"
    for name in $(settings_exported); do
        [[ ${SCRIPT_SETTINGS[$name]:-} ]] || setting_put "$new" "$name" "${!name}"
    done
    setting_put "$new" LARDER_RESOURCES "$(resources_folder "$new")"
    # For trying, anybody may make an account; larderd itself has that closed where writes are.
    [[ $(setting_get "$new" LARDER_SIGNUP) ]] || setting_put "$new" LARDER_SIGNUP open
    setting_set "$new" LARDER_SECRET "$(workers_secret "$2")"
    workers_program larderd --config "$new" --check-config >"$LOG/check-config.log" 2>&1 || {
        cat "$LOG/check-config.log" >&2
        rm "$new"
        fail "These settings are not valid; what runs keeps its own." \
            "Set what is named above to something valid, or to nothing, and repeat."
    }
}

# resources_folder FILE: prints the folder that these settings name, as a path from the root on.
resources_folder() {
    local folder
    folder=$(setting_get "$1" LARDER_RESOURCES)
    realpath -m -- "${folder:-$RESOURCES}"
}

# workers_secret MONGODB_URI: prints what entries in Redis are sealed with: the caller's, the
# stack's, or one made of MongoDB's password, which is random where the stack has a MongoDB of its
# own: so stacks on the same servers can read each other's entries.
workers_secret() {
    local kept=${LARDER_SECRET:-$(setting_get "$WORKER_CONFIG" LARDER_SECRET)} user=${1%@*}
    if [[ $kept ]]; then
        printf '%s' "$kept"
    elif [[ $1 == *://*:*@* ]]; then
        printf 'larder:%s' "${user#*://}" | sha256sum | cut -c 1-32
    else
        secret
    fi
}

# workers_configure: writes the settings to var/larderd.conf.
workers_configure() {
    local new=$WORKER_CONFIG.checked
    workers_check "$(env_get REDIS_URL)" "$(env_get MONGODB_URI)"
    if cmp -s "$new" "$WORKER_CONFIG"; then
        rm "$new"
    else
        mv "$new" "$WORKER_CONFIG"
    fi
    env_set LARDER_SOCKET "$WORKER_SOCKET"
    env_set LARDER_SECRET "$(setting_get "$WORKER_CONFIG" LARDER_SECRET)"
}

# workers_identity: prints what the running workers must have been started with.
workers_identity() {
    {
        stat -c '%i %Y' "$(program larderd)"
        cat "$WORKER_CONFIG"
        cat -- "$(resources_folder "$WORKER_CONFIG")"/*.json
    } | sha256sum | cut -c 1-16
}

# workers_servers: prints what all workers of a database must agree on; with another one they refuse
# to start beside those that run.
workers_servers() {
    local name
    for name in REDIS_URL MONGODB_URI LARDER_PREFIX; do
        setting_get "$WORKER_CONFIG" "$name"
    done | sha256sum | cut -c 1-16
}

# settings_exported: prints the names of the caller's LARDER_*, of which there may be none.
settings_exported() {
    compgen -A export LARDER_ || true
}

# settings_hidden: prints options for env(1), a line each, that take the caller's LARDER_* and
# addresses away: the workers' settings are those of the file alone.
settings_hidden() {
    local name
    for name in $(settings_exported) MONGODB_URI REDIS_URL; do
        printf -- '--unset=%s\n' "$name"
    done
}

# workers_program NAME ARGUMENT…: runs a program that gets its settings from a file alone.
workers_program() {
    local hidden program
    program=$(program "$1")
    shift
    mapfile -t hidden < <(settings_hidden)
    env "${hidden[@]}" "$program" "$@"
}

larderd_start() {
    packages_need spawn-fcgi python3-minimal
    workers_configure
    if ! alive larderd; then
        workers_begin
    elif [[ $(workers_identity) != "$(state_get LARDERD_IDENTITY)" ||
        $(workers_count) != "$(state_get LARDER_WORKERS)" ]]; then
        workers_renew
    elif ! workers_ready; then
        step "Waiting for the workers" "See $LOG/larderd.log." wait_until 10 workers_ready
    fi
}

workers_begin() {
    local program count
    program=$(program larderd)
    count=$(workers_count)
    workers_end_strays
    state_set LARDER_WORKERS "$count"
    state_drop LARDERD_IDENTITY
    step "Starting $count workers" "See $LOG/larderd.log." workers_launch "$program" "$count"
    workers_started
}

# workers_started: remembers what they were started with, and the shared memory that they use.
workers_started() {
    local used file segment=''
    state_set LARDERD_IDENTITY "$(workers_identity)"
    state_set LARDERD_SERVERS "$(workers_servers)"
    state_set LARDERD_MEMORY_SIZE "$(setting_get "$WORKER_CONFIG" LARDER_MEMORY)"
    used=$(sed -n 's|.* \(/dev/shm/larder-[^ ]*\)$|\1|p' "/proc/$(pid_of larderd-1)/maps" |
        sort -u | tr '\n' ' ')
    # What nginx tells the workers lies beside the segment, and is mapped by nginx alone.
    for file in $used; do
        [[ $file == *-metrics-* ]] || segment=$file
    done
    state_set LARDERD_SEGMENT "$segment"
    used="$used$segment-edge "
    [[ " $(state_get LARDERD_MEMORY) " == *" ${used% } "* ]] ||
        state_set LARDERD_MEMORY "$(state_get LARDERD_MEMORY)$used"
}

# workers_forget: removes the shared memory, which outlives its workers, unless somebody uses it: a
# worker of another stack on the same servers must find the same memory as its neighbours.
workers_forget() {
    local file
    for file in $(state_get LARDERD_MEMORY); do
        grep -qsF -- "$file" /proc/[0-9]*/maps || rm -f -- "$file"
    done
    state_drop LARDERD_MEMORY
}

workers_launch() {
    local hidden from
    from=$(workers_log_size)
    mapfile -t hidden < <(settings_hidden)
    daemon larderd "$LOG/larderd.log" env "${hidden[@]}" spawn-fcgi -n -s "$WORKER_SOCKET" \
        -M 0660 -b 4096 -- "$LIB/supervise" "$RUN" "$2" "$1" --config "$WORKER_CONFIG"
    wait_until 10 workers_ready || workers_refusal "$from"
}

workers_log_size() {
    stat -c %s "$LOG/larderd.log" 2>/dev/null || printf 0
}

# workers_refusal SIZE: prints why a worker could not start since the log had that size, and fails.
workers_refusal() {
    tail -c "+$(($1 + 1))" "$LOG/larderd.log" |
        sed -n 's/.*"message":"cannot start".*"why":"\(.*\)"}$/\1/p' | tail -n 1
    return 1
}

# worker_ready N: whether worker N waits for connections: its epoll set holds the listening socket
# (fd 0). A process that is still starting does not, and no connection has to be spent on asking.
worker_ready() {
    local pid socket watched
    pid=$(pid_of "larderd-$1") || return 1
    socket=$(readlink "/proc/$pid/fd/0" 2>/dev/null) || return 1
    while read -r watched; do
        [[ $(readlink "/proc/$pid/fd/$watched" 2>/dev/null) != "$socket" ]] || return 0
    done < <(sed -n 's/^tfd: *\([0-9]*\) .*/\1/p' "/proc/$pid/fdinfo/"* 2>/dev/null)
    return 1
}

# workers_ready: whether all of them are.
workers_ready() {
    local slot
    for ((slot = 1; slot <= $(workers_running_count); slot++)); do
        worker_ready "$slot" || return 1
    done
}

# workers_running_count: how many the supervisor keeps.
workers_running_count() {
    local count
    count=$(state_get LARDER_WORKERS)
    printf '%d' "${count:-0}"
}

larderd_restart() {
    if alive larderd; then
        workers_configure
        workers_renew
    else
        larderd_start
    fi
}

# One after the other, so that as many as ever answer; but all at once where their number changes,
# where they were left of two kinds, because replacing them has failed, where their servers are
# others, and where their memory has another size, since a worker takes what its neighbours have.
workers_renew() {
    if [[ ! $(state_get LARDERD_IDENTITY) || $(workers_count) != "$(state_get LARDER_WORKERS)" ||
        $(workers_servers) != "$(state_get LARDERD_SERVERS)" ||
        $(setting_get "$WORKER_CONFIG" LARDER_MEMORY) != "$(state_get LARDERD_MEMORY_SIZE)" ]]; then
        larderd_stop
        workers_forget
        workers_begin
        return
    fi
    state_drop LARDERD_IDENTITY
    step "Replacing the workers one by one" "See $LOG/larderd.log." workers_roll
    workers_started
}

workers_roll() {
    local left
    for ((left = $(workers_running_count); left > 0; left--)); do
        worker_replace
    done
}

# worker_replace: the oldest worker's successor is ready before it is told to leave.
worker_replace() {
    local slot former=() from
    from=$(workers_log_size)
    for ((slot = 1; slot <= $(workers_running_count); slot++)); do
        former+=("$(pid_of "larderd-$slot" || true)")
    done
    signal "$(pid_of larderd)" USR1
    slot=$(wait_until 10 worker_succeeded "${former[@]}")
    wait_until 15 worker_ready "$slot" || workers_refusal "$from"
    [[ ${former[slot - 1]} ]] || return 0
    signal "${former[slot - 1]}" TERM
    wait_until 15 process_gone "${former[slot - 1]}" || signal "${former[slot - 1]}" KILL
}

# worker_succeeded PID…: prints the place of the first worker that is not the one named any more.
worker_succeeded() {
    local slot=0 former pid
    for former in "$@"; do
        slot=$((slot + 1))
        if pid=$(pid_of "larderd-$slot") && [[ $pid != "$former" ]]; then
            printf '%d' "$slot"
            return
        fi
    done
    return 1
}

larderd_stop() {
    end larderd 15
    workers_end_strays
}

# Workers whose supervisor was killed have been told to leave and may still be at it.
workers_end_strays() {
    local file
    for file in "$RUN"/larderd-*.pid; do
        [[ ! -e $file ]] || end "$(basename "$file" .pid)" 12
    done
    rm -f "$WORKER_SOCKET"
}

# The workers only: the supervisor shall replace them.
larderd_kill() {
    local file
    for file in "$RUN"/larderd-*.pid; do
        [[ ! -e $file ]] || worker_kill "$(basename "$file" .pid)"
    done
}

# worker_kill NAME: SIGKILL. By the time the process is looked at, its pid file may already name
# the successor.
worker_kill() {
    local pid
    pid=$(pid_of "$1") || return 0
    signal "$pid" KILL
    wait_until 5 process_gone "$pid" || fail "$1 (pid $pid) cannot be killed."
}

larderd_status() {
    local slot ready=0 pids=()
    for ((slot = 1; slot <= $(workers_running_count); slot++)); do
        ! worker_ready "$slot" || ready=$((ready + 1))
        pids+=("$(pid_of "larderd-$slot" || true)")
    done
    if alive larderd && ((ready > 0 && ready == ${#pids[@]})); then
        printf 'up|%s|%s\n' "${pids[*]}" "$WORKER_SOCKET ($ready ready)"
    else
        printf 'down|%s|%s\n' "${pids[*]}" "$WORKER_SOCKET ($ready of ${#pids[@]} ready)"
        return 1
    fi
}

# with_settings COMMAND…: runs it with the workers' settings in its environment.
with_settings() (
    while IFS='=' read -r name value; do
        export "$name=$value"
    done <"$WORKER_CONFIG"
    "$@"
)
