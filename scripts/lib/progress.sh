# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the user is told: a line for each step, the time of the long ones, and what to do when
# one fails.

say() {
    printf '%s\n' "$*" >&2
}

EXPLAINED=3 # the status of a script that has said what went wrong

# fail WHAT [WHAT_TO_DO]: says both and ends the script.
fail() {
    say "error: $1"
    [[ $# -lt 2 ]] || say "       $2"
    exit "$EXPLAINED"
}

# wrong_usage: the calling script's usage, and the status that goes with it.
wrong_usage() {
    usage >&2
    exit 2
}

warn() {
    say "warning: $*"
}

# now_ms: prints the milliseconds since 1970.
now_ms() {
    printf '%s' "$((${EPOCHREALTIME/[.,]/} / 1000))"
}

# seconds_since MS: prints the time since MS as 1.2.
seconds_since() {
    local ms=$(($(now_ms) - $1))
    printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

STEP='' # the pid of the step that runs
LOCK='' # the descriptor of the stack's lock

# step TEXT HINT COMMAND…: says TEXT, runs COMMAND with its output kept in var/log/steps.log, and
# says how long it took. On failure it shows the end of that output and HINT (unless the output says
# itself what to do), and ends the script.
# COMMAND runs in a subshell: what it sets is not
# seen outside. Never call it where -e is off (in a condition, before && or ||).
step() {
    local text=$1 hint=$2 begun status=0 start
    shift 2
    begun=$(now_ms)
    printf '%s ... ' "$text" >&2
    printf '\n==> %s\n' "$text" >>"$LOG/steps.log"
    start=$(stat -c %s "$LOG/steps.log")
    # In the background, because a trap waits for what is in the foreground.
    (
        trap - ERR
        [[ ! $LOCK ]] || exec {LOCK}>&-
        "$@"
    ) >>"$LOG/steps.log" 2>&1 &
    STEP=$!
    wait "$STEP" || status=$?
    STEP=''
    if ((status == 0)); then
        say "$(seconds_since "$begun") s"
        return
    fi
    say "failed"
    tail -c "+$((start + 1))" "$LOG/steps.log" | tail -n 15 | sed 's/^/  | /' >&2
    ((status != EXPLAINED)) || hint=''
    fail "$text: failed (all of its output: $LOG/steps.log)" ${hint:+"$hint"}
}

# interrupted SIGNAL: ends the step that runs with all that it has started, then the script as the
# signal would have done.
interrupted() {
    local pid family=()
    trap '' INT TERM HUP
    [[ ! $STEP ]] || mapfile -t family < <(freeze_family "$STEP")
    for pid in "${family[@]}"; do
        signal "$pid" TERM
        signal "$pid" CONT
    done
    for pid in "${family[@]}"; do
        wait_until 10 process_gone "$pid" || signal "$pid" KILL
    done
    say "interrupted: what is done stays; the same command goes on from there."
    trap - ERR "$1"
    kill -s "$1" "$$"
}
