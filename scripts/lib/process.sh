# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Processes by their pid files, var/run/NAME.pid. A pid is believed only if its process is older
# than the file: a number that the kernel has given to somebody else since is not ours.

# uptime_cs: prints the hundredths of a second since the machine started.
uptime_cs() {
    local up
    read -r up _ </proc/uptime
    printf '%s' "${up/./}"
}

# process_age_s PID: prints the whole seconds since PID started; fails if there is no such
# process, or only its remains that nobody has waited for.
process_age_s() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z ]] || return 1
    printf '%s' $((($(uptime_cs) - fields[19] * 100 / $(getconf CLK_TCK)) / 100))
}

# pid_of NAME: prints the pid of a running process of the stack, else fails.
pid_of() {
    local file=$RUN/$1.pid pid='' age written
    { read -r pid <"$file"; } 2>/dev/null || [[ -n $pid ]] || return 1
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    age=$(process_age_s "$pid") || return 1
    written=$(stat -c %Y "$file" 2>/dev/null) || return 1
    ((age + 2 >= EPOCHSECONDS - written)) || return 1
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

process_gone() {
    ! process_age_s "$1" >/dev/null
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
        { stat=$(<"$file"); } 2>/dev/null || continue
        read -ra fields <<<"${stat##*) }"
        [[ ${fields[1]} != "$1" ]] || printf '%s\n' "${stat%% *}"
    done
}
