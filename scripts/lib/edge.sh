# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# nginx' module, which answers hits by itself (docs/edge.md): built and used where that can be done,
# until LARDER_EDGE=off or scripts/up --no-edge, which is remembered until LARDER_EDGE=on.
#
# It must be built of the sources of the very nginx that runs. Debian's nginx-dev has them; its file
# is unpacked into CACHE, because installing it would bring a hundred other packages.

EDGE_MODULE=$BUILD/ngx_http_larder_module.so

# edge_choose: remembers the caller's choice.
edge_choose() {
    case ${LARDER_EDGE-unset} in
        unset) ;;
        on | '')
            state_drop EDGE
            state_drop EDGE_MISSING
            ;;
        off) state_set EDGE off ;;
        *) fail "LARDER_EDGE=$LARDER_EDGE is neither on nor off." ;;
    esac
}

edge_wanted() {
    [[ $(state_get EDGE) != off ]]
}

# edge_sources: prints the folder of nginx' sources, which need not be there.
edge_sources() {
    local version unpacked
    version=$(package_version nginx)
    unpacked=$CACHE/nginx-dev-$version/usr/share/nginx/src
    if [[ ! -e $unpacked && $version && $(package_version nginx-dev) == "$version" ]]; then
        printf '/usr/share/nginx/src'
    else
        printf '%s' "$unpacked"
    fi
}

edge_has_sources() {
    [[ -e $(edge_sources)/src/core/nginx.h ]]
}

# edge_sources_need: gets them. Where they cannot be had for this version of nginx, that is not tried
# again, and the workers answer all.
edge_sources_need() {
    local version
    version=$(package_version nginx)
    [[ $BUILD != "$ROOT" ]] && edge_wanted && ! edge_has_sources &&
        [[ $(state_get EDGE_MISSING) != "nginx-dev $version" ]] || return 0
    mkdir -p "$CACHE"
    say "Fetching nginx-dev, to build nginx' module (docs/edge.md)"
    (edge_unpack "$version") >>"$LOG/steps.log" 2>&1 || state_set EDGE_MISSING "nginx-dev $version"
}

# edge_unpack VERSION: what was half done has another name.
edge_unpack() {
    local of new
    [[ $1 ]] || return 1
    of=$(edge_package "$1")
    if [[ ! $of ]]; then
        as_root apt-get -q update || return 1
        of=$(edge_package "$1")
    fi
    [[ $of ]] || return 1
    new=$(mktemp -d "$CACHE/nginx-dev.XXXXXX")
    # What make looks at is when they came here, not when Debian made them.
    if build_in "$new" apt-get -q download "nginx-dev=$of" &&
        dpkg-deb -x "$new"/*.deb "$new" && touch "$new/usr/share/nginx/src/src/core/nginx.h" &&
        rm "$new"/*.deb && chmod 755 "$new"; then
        mv -T "$new" "$CACHE/nginx-dev-$1" && return
    fi
    rm -rf "$new"
    return 1
}

# edge_package VERSION: prints the version of nginx-dev that fits this nginx: the same, or one that
# differs in Debian's own number only, which nginx takes too.
edge_package() {
    apt-cache madison nginx-dev | awk -v wanted="$1" '
        function upstream(version) { sub(/-[^-]*$/, "", version); return version }
        $3 == wanted || found == "" && upstream($3) == upstream(wanted) { found = $3 }
        END { print found }'
}

# edge_option: prints the option that has configure build the module, where that is possible; a
# checkout that somebody has configured stays as it is.
edge_option() {
    [[ $BUILD == "$ROOT" ]] || ! edge_wanted || ! edge_has_sources ||
        printf -- '--with-nginx-module=%s' "$(edge_sources)"
}

# edge_lay: copies the module to where this nginx loads it from, and prints its path. Another one has
# another name: nginx would not look again at one that it has loaded.
edge_lay() {
    local laid
    laid=$VAR/nginx/larder-$(sha256sum <"$EDGE_MODULE" | cut -c 1-16).so
    if [[ ! -e $laid ]]; then
        rm -f "$VAR"/nginx/larder-*.so
        install -m 0600 "$EDGE_MODULE" "$laid"
    fi
    printf '%s' "$laid"
}

# edge_fits MODULE: whether this nginx takes it.
edge_fits() {
    printf 'load_module "%s";\npid "%s";\nevents {}\n' "$1" "$VAR/nginx/trial.pid" |
        write_private "$VAR/nginx/trial.conf"
    nginx -e "$LOG/nginx-trial.log" -p "$VAR/nginx" -q -t -c "$VAR/nginx/trial.conf" 2>/dev/null
}

# edge_obstacle: prints why nginx cannot answer hits, or nothing.
edge_obstacle() {
    local name
    if ! edge_wanted; then
        printf 'LARDER_EDGE=off'
    elif [[ ! $(state_get LARDERD_SEGMENT) ]]; then
        printf 'LARDER_MEMORY=0'
    elif [[ ! -e $EDGE_MODULE ]]; then
        name=$(state_get EDGE_MISSING)
        printf '%s' "${name:-its module is not built}${name:+ cannot be had}"
    elif ! edge_fits "$(edge_lay)"; then
        printf 'its module is for another nginx'
    else
        edge_refused
    fi
}

# edge_refused: prints the setting for which each request must come to a worker, or nothing.
edge_refused() {
    local name
    for name in LARDER_RATE LARDER_ACCESS_LOG; do
        case $(setting_get "$WORKER_CONFIG" "$name") in
            '' | 0 | off) ;;
            *)
                printf '%s is set' "$name"
                return
                ;;
        esac
    done
}

# edge_configure: prints what goes to the top of nginx' configuration; http_edge.conf has the rest.
edge_configure() {
    local obstacle
    obstacle=$(edge_obstacle)
    state_set EDGE_OBSTACLE "$obstacle"
    : >"$VAR/nginx/http_edge.conf"
    [[ ! $obstacle ]] || return 0
    printf 'larder_memory "%s";\nlarder_resources "%s";\nlarder_edge on;\n' \
        "$(state_get LARDERD_SEGMENT)" "$(resources_folder "$WORKER_CONFIG")" \
        >"$VAR/nginx/http_edge.conf"
    printf 'load_module "%s";' "$(edge_lay)"
}

# edge_says: prints who answers hits.
edge_says() {
    local obstacle
    obstacle=$(state_get EDGE_OBSTACLE)
    if [[ $obstacle ]]; then
        printf 'hits are answered by the workers: %s' "$obstacle"
    else
        printf 'hits are answered by nginx'
    fi
}
