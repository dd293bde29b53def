# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# nginx' module, which answers hits by itself (docs/edge.md): built and used once LARDER_EDGE=on asks
# for it; that is remembered until LARDER_EDGE=off or scripts/up --no-edge.

NGINX_SOURCES=/usr/share/nginx/src
EDGE_MODULE=$BUILD/ngx_http_larder_module.so

# edge_choose: remembers the caller's choice.
edge_choose() {
    case ${LARDER_EDGE-unset} in
        unset) ;;
        on)
            state_set EDGE on
            state_drop EDGE_MISSING
            ;;
        off | '') state_drop EDGE ;;
        *) fail "LARDER_EDGE=$LARDER_EDGE is neither on nor off." ;;
    esac
}

edge_wanted() {
    [[ $(state_get EDGE) == on ]]
}

# edge_packages: installs what the module is built from. Where that cannot be had, it is not tried
# again, and the workers answer all.
edge_packages() {
    edge_wanted && [[ ! -e $NGINX_SOURCES/src/core/nginx.h && ! $(state_get EDGE_MISSING) ]] ||
        return 0
    say "Installing nginx-dev, to build nginx' module (docs/edge.md)"
    (packages_install nginx-dev) >>"$LOG/steps.log" 2>&1 || {
        state_set EDGE_MISSING nginx-dev
        warn "nginx-dev cannot be installed (see $LOG/steps.log): nginx answers nothing by itself."
    }
}

# edge_option: prints the option that has configure build the module, where that is possible.
edge_option() {
    ! edge_wanted || [[ ! -e $NGINX_SOURCES/src/core/nginx.h ]] || printf -- '--with-nginx-module\n'
}

# edge_usable: whether this nginx takes the module: it must be built for the very same version.
edge_usable() {
    edge_wanted && [[ -e $EDGE_MODULE ]] || return 1
    printf 'load_module "%s";\npid "%s";\nevents {}\n' "$EDGE_MODULE" "$VAR/nginx/trial.pid" |
        write_private "$VAR/nginx/trial.conf"
    nginx -e "$LOG/nginx-trial.log" -p "$VAR/nginx" -q -t -c "$VAR/nginx/trial.conf" 2>/dev/null
}

# edge_configure: prints what goes to the top of nginx' configuration; http_edge.conf has the rest.
edge_configure() {
    local memory
    memory=$(state_get LARDERD_SEGMENT)
    : >"$VAR/nginx/http_edge.conf"
    if ! edge_wanted || [[ ! $memory ]]; then
        return
    fi
    if ! edge_usable; then
        warn "nginx answers nothing by itself: its module" \
            "$([[ -e $EDGE_MODULE ]] && printf 'is for another nginx' || printf 'is not built')."
        return
    fi
    printf 'larder_memory "%s";\nlarder_resources "%s";\nlarder_edge on;\n' "$memory" \
        "$(resources_folder "$WORKER_CONFIG")" >"$VAR/nginx/http_edge.conf"
    printf 'load_module "%s";' "$EDGE_MODULE"
}
