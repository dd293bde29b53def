# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Completion of larderctl and larderd for bash. The programs' own help says what there is, so that
# this is true of every version.

# _larder_options WORD...: prints the options that the help of these words names.
_larder_options() {
    "$@" --help 2>/dev/null | grep -oE -- '(^|[ []|, )--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u
}

# _larder_next PROGRAM WORD...: prints the words that commands have behind these.
_larder_next() {
    local program=$1
    shift
    "$program" --help 2>/dev/null | sed -n 's/^  \([a-z].*\)/\1/p' | awk -v given="$*" '
        BEGIN { n = split(given, word, " ") }
        {
            for (i = 1; i <= n; i++)
                if ($i != word[i])
                    next
            if ($(n + 1) ~ /^[a-z]+$/)
                print $(n + 1)
        }' | sort -u
}

_larder() {
    local program=$1 current=$2 before=$3 i words=() next
    COMPREPLY=()
    case $before in
        --config | --out)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --role)
            mapfile -t COMPREPLY < <(compgen -W 'reader editor admin' -- "$current")
            return
            ;;
        --format)
            mapfile -t COMPREPLY < <(compgen -W 'ndjson csv' -- "$current")
            return
            ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --config | --listen | --format | --out | --q | --sort | --fields) i=$((i + 1)) ;;
            -*) ;;
            *) words+=("${COMP_WORDS[i]}") ;;
        esac
    done
    if [[ $current == -* ]]; then
        next=$(_larder_options "$program" "${words[@]}")
    elif [[ ${program##*/} == larderctl ]]; then
        next=$(_larder_next "$program" "${words[@]}")
        ((${#words[@]})) || next+=' help'
    else
        next=help
    fi
    mapfile -t COMPREPLY < <(compgen -W "$next" -- "$current")
    [[ ${words[0]:-} != load || $current == -* ]] || ((${#words[@]} < 2)) ||
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
complete -F _larder larderctl larderd
