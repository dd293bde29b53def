# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The programs, built out of tree in var/build (or LARDER_BUILD), which all stacks of a checkout
# share.

# build_programs: builds what is not up to date; says nothing if there is nothing to do.
build_programs() {
    local hint="See the first error above."
    (umask 022 && mkdir -p "$BUILD")
    [[ -x $ROOT/configure ]] ||
        step "Preparing configure" "$hint" build_in "$ROOT" autoreconf -i
    [[ -x $BUILD/config.status ]] ||
        step "Configuring" "$hint If it names a library, install its -dev package." \
            build_in "$BUILD" "$ROOT/configure" --quiet
    make -q -C "$BUILD" >/dev/null 2>&1 ||
        step "Building (about a minute)" "$hint" build_in "$BUILD" make -s -j"$(nproc)"
}

# build_in FOLDER COMMAND…
build_in() (
    cd "$1" || exit
    shift
    umask 022
    "$@"
)

# program NAME: prints the path of a program that has been built.
program() {
    [[ -x $BUILD/$1 ]] || fail "There is no $BUILD/$1." "Run scripts/up: it builds the programs."
    printf '%s' "$BUILD/$1"
}
