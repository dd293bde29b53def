# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The programs, built out of tree in var/build, which all stacks of a checkout share; or in the
# checkout, where it was configured there (./configure). Those in LARDER_BUILD are taken as they are.

# build_programs: builds what is not up to date; says nothing if there is nothing to do.
build_programs() {
    local hint="See the first error above."
    [[ ! ${LARDER_BUILD:-} || ! -x $BUILD/larderd || ! -x $BUILD/larderctl ]] || return 0
    (umask 022 && mkdir -p "$BUILD") ||
        fail "The folder $BUILD cannot be made." "Set LARDER_BUILD to one that can."
    [[ -x $ROOT/configure ]] ||
        step "Preparing configure" "$hint" build_in "$ROOT" autoreconf -i
    edge_sources_need
    build_configure "$hint"
    build_is_current ||
        step "Building (about a minute)" "$hint" build_make
}

# build_configure HINT: anew where nginx' module can be built since the last time; a checkout that
# somebody has configured stays as it is.
build_configure() {
    local option
    option=$(edge_option)
    if [[ -x $BUILD/config.status ]]; then
        [[ $option ]] || return 0
        ! "$BUILD/config.status" --config | grep -qF -e "$option" || return 0
    fi
    step "Configuring" "$1 If it names a library, install its -dev package." \
        build_in "$BUILD" "$ROOT/configure" --quiet ${option:+"$option"}
}

# build_is_current: whether nothing has changed since the last build began. (make -q says no for
# ever once configure has run again.)
build_is_current() {
    [[ -e $BUILD/built && -x $BUILD/larderd && -x $BUILD/larderctl ]] || return 1
    [[ ! $(edge_option) || $(<"$BUILD/built") == nginx-module ]] || return 1
    [[ -z $(find "$ROOT/src" "$ROOT/nginx/module" "$ROOT/configure.ac" "$ROOT/Makefile.am" "$BUILD/config.status" \
        -newer "$BUILD/built" -print -quit) ]]
}

build_make() {
    local module=''
    [[ ! $(edge_option) ]] || module=nginx-module
    printf '%s' "$module" >"$BUILD/built.new"
    # Where the module fails, the service is the same, and slower.
    build_in "$BUILD" make -s -k -j"$(nproc)" larderd larderctl ${module:+"$module"} ||
        build_in "$BUILD" make -s larderd larderctl
    mv "$BUILD/built.new" "$BUILD/built"
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
