# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Processes by their pid files, var/run/NAME.pid. A pid is believed only if the process's command
# line names this stack: a number that the kernel has given to somebody else since is not ours.

# process_gone PID: whether there is no such process, or only its remains that nobody has waited
# for.
process_gone() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    stat=${stat##*) }
    [[ ${stat:0:1} == Z ]]
}

# pid_of NAME: prints the pid of a running process of the stack, else fails.
pid_of() {
    local pid='' command
    { read -r pid <"$RUN/$1.pid"; } 2>/dev/null || true
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    { command=$(tr '\0' ' ' <"/proc/$pid/cmdline"); } 2>/dev/null || return 1
    [[ $command == *"$VAR/"* ]] || [[ $1 == postgres && $command == *"$(database_folder)/"* ]] ||
        return 1
    printf '%s' "$pid"
}

# alive NAME: whether the process of that pid file runs.
alive() {
    pid_of "$1" >/dev/null
}

# wait_until SECONDS COMMAND…: asks every 20 ms until COMMAND succeeds; fails after SECONDS.
wait_until() {
    local end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@"; do
        (($(now_ms) < end)) || return 1
        sleep 0.02
    done
}

# signal PID NAME: sends a signal, as root where the process is not ours; a process that has just
# ended is no error.
signal() {
    kill -s "$2" "$1" 2>/dev/null || process_gone "$1" || as_root kill -s "$2" "$1" 2>/dev/null ||
        process_gone "$1"
}

# daemon NAME LOG COMMAND…: starts COMMAND in a session of its own, its output appended to LOG,
# and writes var/run/NAME.pid.
daemon() {
    local name=$1 log=$2
    shift 2
    setsid "$@" </dev/null >>"$log" 2>&1 &
    printf '%s\n' $! >"$RUN/$name.pid"
}

# end NAME SECONDS: SIGTERM, then SIGKILL after SECONDS; returns when the process is gone.
end() {
    local pid
    if pid=$(pid_of "$1"); then
        signal "$pid" TERM
        if ! wait_until "$2" process_gone "$pid"; then
            warn "$1 (pid $pid) did not end within $2 s and is killed."
            signal "$pid" KILL
            wait_until 5 process_gone "$pid" || fail "$1 (pid $pid) cannot be ended."
        fi
    fi
    rm -f "$RUN/$1.pid"
}

# end_now NAME: SIGKILL; returns when the process is gone.
end_now() {
    local pid
    pid=$(pid_of "$1") || return 0
    signal "$pid" KILL
    wait_until 5 process_gone "$pid" || fail "$1 (pid $pid) cannot be killed."
}

# children_of PID: prints the pids of its direct children.
children_of() {
    local file stat fields
    for file in /proc/[0-9]*/stat; do
        { read -r stat <"$file"; } 2>/dev/null || continue
        read -ra fields <<<"${stat##*) }"
        [[ ${fields[1]} != "$1" ]] || printf '%s\n' "${stat%% *}"
    done
}

# freeze_family PID: stops a process and its descendants, so that none of them forks meanwhile, and
# prints their pids.
freeze_family() {
    local child
    signal "$1" STOP
    printf '%s\n' "$1"
    for child in $(children_of "$1"); do
        freeze_family "$child"
    done
}

# kill_family PID: SIGKILL to a process and its children, none of which can fork meanwhile or see
# the others die; returns when all are gone.
kill_family() {
    local child children
    signal "$1" STOP
    mapfile -t children < <(children_of "$1")
    for child in "$1" "${children[@]}"; do
        signal "$child" KILL
    done
    for child in "$1" "${children[@]}"; do
        wait_until 10 process_gone "$child" || fail "Process $child cannot be killed."
    done
}
