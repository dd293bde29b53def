# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The stack's own nginx, as the user who started it.

nginx_start() {
    local had
    env_set LARDER_URL "$(nginx_url)"
    command -v nginx >/dev/null || packages_need nginx
    had=$(nginx_identity)
    nginx_configure
    # It cannot take a second address of its port while it has the first.
    [[ $(nginx_listens) == "$(state_get NGINX_LISTENS)" ]] || nginx_stop
    if ! alive nginx; then
        port_need nginx
        step "Starting nginx on $(nginx_listens)" "See $LOG/nginx.log." nginx_launch
        state_set NGINX_LISTENS "$(nginx_listens)"
    elif [[ $(nginx_identity) != "$had" ]]; then
        step "Giving nginx its new configuration" "See $LOG/nginx.log." nginx_reload
    fi
}

# nginx_listens: prints address and port.
nginx_listens() {
    with_port "$(bind_address)" "$(port nginx)"
}

# nginx_url: prints where this machine reaches it.
nginx_url() {
    printf 'http://%s' "$(with_port "$(bind_reached)" "$(port nginx)")"
}

nginx_configure() {
    local user=''
    # Started by root, nginx would give its workers another user, who may not enter var/.
    ((EUID != 0)) || user="user root root;"
    (umask 077 && mkdir -p "$VAR/nginx")
    cp "$ROOT"/nginx/*.conf "$VAR/nginx/"
    nginx_origins >"$VAR/nginx/origins_larder.conf"
    nginx_pages
    sed "s|/usr/share/larder/pages|$VAR/pages|" "$ROOT/nginx/pages_larder.conf" \
        >"$VAR/nginx/pages_larder.conf"
    sed -e "s|@USER@|$user|" -e "s|@MODULE@|$(edge_configure)|" -e "s|@VAR@|$VAR|g" -e "s|@SOCKET@|$WORKER_SOCKET|g" \
        -e "s|@LISTEN@|$(nginx_listens)|g" \
        "$ROOT/nginx/larder.conf.in" | write_private "$VAR/nginx/nginx.conf"
}

# nginx_pages: lays the pages as make install does, where nginx finds them.
nginx_pages() {
    local hash
    hash=$("$ROOT/scripts/pages-hash" "$ROOT/pages")
    ! grep -qs "/assets/$hash/" "$VAR/pages/page.html" || return 0
    mkdir -p "$VAR/pages/assets/$hash"
    cp "$ROOT"/pages/*.{css,js,svg} "$VAR/pages/assets/$hash/"
    sed "s|@HASH@|$hash|g" "$ROOT/pages/page.html" >"$VAR/pages/page.html.new"
    mv "$VAR/pages/page.html.new" "$VAR/pages/page.html"
}

# nginx_origins: prints a line of nginx' map for each of LARDER_ORIGINS, which larderd has checked.
nginx_origins() {
    local origin origins all=''
    IFS=', ' read -ra origins <<<"$(setting_get "$WORKER_CONFIG" LARDER_ORIGINS)"
    for origin in "${origins[@]}"; do
        if [[ $origin == '*' ]]; then
            all='*'
        else
            printf '"%s" %s;\n' "$origin" "\$http_origin"
        fi
    done
    printf 'default "%s";\n' "$all"
}

# nginx_identity: prints a hash of the configuration.
nginx_identity() {
    { cat "$VAR"/nginx/*.conf 2>/dev/null || true; } | sha256sum
}

nginx_reload() {
    nginx_run -q -t
    signal "$(pid_of nginx)" HUP
}

# nginx_run ARGUMENT…
nginx_run() {
    nginx -e "$LOG/nginx.log" -p "$VAR/nginx" -c "$VAR/nginx/nginx.conf" "$@"
}

# Scheduled as larderd schedules itself (docs/performance.md), where that is allowed.
nginx_launch() {
    nginx_run -q -t
    (
        chrt --batch --pid 0 "$BASHPID" 2>/dev/null || true
        nginx_run
    )
    wait_until 5 nginx_answers
}

nginx_answers() {
    alive nginx && port_in_use "$(port nginx)" "$(bind_reached)"
}

# SIGQUIT lets requests in flight finish.
nginx_stop() {
    local pid
    if pid=$(pid_of nginx); then
        signal "$pid" QUIT
        wait_until 10 process_gone "$pid" || true
    fi
    end nginx 5
    nginx_end_strays TERM
}

# The workers of a killed master would go on serving.
nginx_kill() {
    local pid
    ! pid=$(pid_of nginx) || kill_family "$pid"
    nginx_end_strays KILL
}

# nginx_end_strays SIGNAL: ends what a master that is gone has left.
nginx_end_strays() {
    local pid strays
    mapfile -t strays < <(nginx_strays)
    for pid in "${strays[@]}"; do
        signal "$pid" "$1"
    done
    for pid in "${strays[@]}"; do
        wait_until 5 process_gone "$pid" || signal "$pid" KILL
        wait_until 5 process_gone "$pid" || fail "nginx (pid $pid) cannot be killed."
    done
}

# nginx_strays: prints the pids of the processes that hold this stack's log of nginx open. (The
# command line of a worker does not name the stack.)
nginx_strays() {
    local folder name
    for folder in /proc/[0-9]*; do
        { read -r name <"$folder/comm"; } 2>/dev/null && [[ $name == nginx ]] || continue
        [[ ! $(find "$folder/fd" -lname "$LOG/nginx.log" -print -quit 2>/dev/null) ]] ||
            printf '%s\n' "${folder##*/}"
    done
}

nginx_status() {
    if nginx_answers; then
        printf 'up|%s|%s\n' "$(pid_of nginx)" "$(nginx_url), $(edge_says)"
    else
        printf 'down|-|%s\n' "$(nginx_url)"
        return 1
    fi
}
