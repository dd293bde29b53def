/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/library.h"

#include "store/driver.h"
#include "store/redis_library.h"

#define DOTTED(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)
#define TEXT(number)                TEXT_OF(number)
#define TEXT_OF(number)             #number

const char *library_mongoc(void)
{
    return mongoc_get_version();
}

/* The one that this was built with: it does not tell at run time. */
const char *library_hiredis(void)
{
    return DOTTED(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
}
