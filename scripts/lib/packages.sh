# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian packages: what is needed, and how it is installed without starting any service of the
# system (the stack runs servers of its own).

PACKAGES_BUILD=(autoconf automake libtool pkg-config gcc make libfcgi-dev libhiredis-dev
    libmongoc-dev libbson-dev libuv1-dev libjansson-dev libpcre2-dev libxxhash-dev
    zlib1g-dev libsodium-dev)
PACKAGES_RUN=(nginx redis-server redis-tools spawn-fcgi python3-minimal curl ca-certificates)
PACKAGES_TEST=(libcmocka-dev clang-format prometheus shellcheck python3-venv valgrind procps
    chromium)
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# Written by Larder for the time of one installation.'

# packages_missing PACKAGE…: prints those that are not installed.
packages_missing() {
    local package installed
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null |
        sed -n 's/ installed$//p')
    for package; do
        grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
    done
}

# packages_need PACKAGE…: installs the missing ones, if any.
packages_need() {
    local missing
    command -v dpkg-query >/dev/null ||
        fail "This is no Debian system (there is no dpkg)." "Needed: $*"
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]})) || return 0
    step "Installing ${#missing[@]} Debian packages (${missing[*]})" \
        "Try it by hand: apt-get update && apt-get install ${missing[*]}" \
        packages_install "${missing[@]}"
}

packages_install() {
    trap packages_unguard EXIT
    packages_guard
    as_root apt-get -q update
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends "$@"
    packages_disable "$@"
}

# While Debian's policy-rc.d says 101, no installation starts a service. A policy that the
# administrator has put there stays as it is.
packages_guard() {
    [[ -e $POLICY ]] && ! grep -qxF "$POLICY_MARK" "$POLICY" && return 0
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
}

packages_unguard() {
    [[ -e $POLICY ]] && grep -qxF "$POLICY_MARK" "$POLICY" && as_root rm -f "$POLICY"
    return 0
}

# packages_disable PACKAGE…: the services that have just come with them shall not start with the
# machine either.
packages_disable() {
    local package
    for package; do
        [[ $package == redis-server || $package == nginx ]] || continue
        as_root deb-systemd-helper disable "$package.service" || true
        as_root update-rc.d "$package" disable || true
    done
}

# packages_mirror: prints the address of the Debian archive that this machine's own apt sources
# name (in either of their formats), preferring the one of the release itself.
packages_mirror() {
    local uri
    uri=$(packages_sites | head -n 1)
    case $uri in
        mirror+file:*) uri=$(grep -Eo '(https?|file)://[^[:space:]]+' "${uri#mirror+file:}" |
            head -n 1) ;;
        mirror:* | '') uri='' ;;
    esac
    [[ $uri ]] || fail "No Debian archive found in this machine's apt sources." \
        "Add one to /etc/apt/sources.list.d and run apt-get update."
    printf '%s' "$uri"
}

packages_sites() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
        sed -n 's/^Debian|//p' | sort -u
}
