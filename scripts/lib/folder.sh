# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A Debian release in a folder of its own: made by debootstrap once a machine, copied for each use,
# entered by chroot, or booted by systemd-nspawn. It has this machine's package settings,
# certificates and names. For root only.

FOLDER_VERSION=2 # count up when what folder_make does changes
FOLDER_PACKAGES=systemd,systemd-sysv,dbus,ca-certificates

# folder_base SUITE: prints the path of the release that is copied.
folder_base() {
    printf '%s/debian/%s-%s' "$CACHE" "$1" "$FOLDER_VERSION"
}

# folder_unmount FOLDER: whatever is mounted below it.
folder_unmount() {
    local mounted
    while read -r mounted; do
        umount "$mounted"
    done < <(awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r)
}

# folder_discard FOLDER
folder_discard() {
    folder_unmount "$1"
    rm -rf --one-file-system "$1"
}

# folder_make SUITE: makes it, if it is not there. A half-finished one has another name.
folder_make() {
    local base proxy
    base=$(folder_base "$1")
    [[ ! -d $base ]] || return 0
    mkdir -p "$CACHE/debian"
    folder_discard "$base.new"
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    (
        umask 022
        env ${proxy:+"http_proxy=${http_proxy:-$proxy}"} debootstrap --variant=minbase \
            --include="$FOLDER_PACKAGES" "$1" "$base.new" "$(packages_mirror)"
    )
    mv "$base.new" "$base"
}

# folder_copy SUITE FOLDER: a fresh one.
folder_copy() {
    folder_discard "$2"
    cp -a --reflink=auto "$(folder_base "$1")" "$2"
    cp -L /etc/resolv.conf /etc/hosts "$2/etc/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs/"
    folder_sources "$1" "$2"
}

# folder_sources SUITE FOLDER: this machine's sources, with that release's name, and how its apt
# reaches them.
folder_sources() {
    local own file
    own=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    rm -f "$2/etc/apt/sources.list"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
        [[ -e $file ]] && grep -qw "$own" "$file" || continue
        sed "s/\b$own\b/$1/g" "$file" | tee "$2${file}" >/dev/null
    done
    apt-config dump | grep -E '^Acquire::https?::' | tee "$2/etc/apt/apt.conf.d/99host" >/dev/null || true
}

# folder_chroot FOLDER COMMAND…
folder_chroot() {
    local folder=$1 status=0 mounted
    shift
    for mounted in proc dev dev/shm; do
        mount --bind "/$mounted" "$folder/$mounted"
    done
    chroot "$folder" "${FOLDER_ENV[@]}" "$@" || status=$?
    folder_unmount "$folder"
    return "$status"
}
FOLDER_ENV=(/usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive DEB_BUILD_OPTIONS=nocheck)

# folder_boot FOLDER LOG NETWORK: boots it in that network namespace; FOLDER_INIT is its first process.
folder_boot() {
    nsenter --net="/run/netns/$3" systemd-nspawn --quiet --boot --directory="$1" --register=no --keep-unit \
        --console=pipe </dev/null >"$2" 2>&1 &
    FOLDER_NSPAWN=$!
    wait_until 60 folder_is_up ||
        fail "systemd does not come up in $1." "See $2; it needs root's rights and cgroups."
}

folder_is_up() {
    FOLDER_INIT=$(children_of "$FOLDER_NSPAWN" | head -n 1)
    [[ $FOLDER_INIT ]] && [[ $(folder_in systemctl is-system-running 2>/dev/null) == running ]]
}

# folder_in COMMAND…: runs it in the booted folder.
folder_in() {
    nsenter --target "$FOLDER_INIT" --all "${FOLDER_ENV[@]}" "$@"
}

folder_halt() {
    [[ ${FOLDER_NSPAWN:-} ]] || return 0
    folder_in systemctl poweroff 2>/dev/null || true
    wait_until 30 process_gone "$FOLDER_NSPAWN" || kill -KILL "$FOLDER_NSPAWN"
    FOLDER_NSPAWN=''
}
