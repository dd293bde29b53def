# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# KEY=VALUE files of mode 0600. var/env tells clients where things are; var/state is what the
# scripts remember of a stack (its ports, how many workers, whose servers).

ENV_FILE=$VAR/env
STATE_FILE=$VAR/state

# setting_get FILE KEY: prints the value, or nothing.
setting_get() {
    [[ -r $1 ]] || return 0
    sed -n "s/^$2=//p" "$1" | tail -n 1
}

# setting_set FILE KEY VALUE: sets or replaces one line; writes nothing if it is there already.
setting_set() {
    [[ $3 != *$'\n'* ]] || fail "$2 must be one line."
    [[ -e $1 && $(setting_get "$1" "$2") == "$3" ]] && return 0
    {
        [[ ! -e $1 ]] || grep -v "^$2=" "$1" || true
        printf '%s=%s\n' "$2" "$3"
    } | write_private "$1"
}

# setting_drop FILE KEY
setting_drop() {
    [[ ! -e $1 ]] || { grep -v "^$2=" "$1" || true; } | write_private "$1"
}

# setting_put FILE KEY VALUE: sets it, or drops it if VALUE is empty.
setting_put() {
    if [[ $3 ]]; then
        setting_set "$@"
    else
        setting_drop "$1" "$2"
    fi
}

env_get() { setting_get "$ENV_FILE" "$1"; }
env_set() { setting_set "$ENV_FILE" "$1" "$2"; }
state_get() { setting_get "$STATE_FILE" "$1"; }
state_set() { setting_set "$STATE_FILE" "$1" "$2"; }
state_drop() { setting_drop "$STATE_FILE" "$1"; }
