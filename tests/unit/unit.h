/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_UNIT_H
#define LARDER_TESTS_UNIT_H

/* What cmocka wants included before it, and helpers that every unit test uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#ifdef assert_int_in_range /* its name since cmocka 2 */
#undef assert_in_range
#define assert_in_range(value, least, most) assert_int_in_range((int64_t)(value), least, most)
#endif

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        struct str actual_ = (actual);                                                             \
        assert_int_equal(actual_.len, strlen(expected));                                           \
        assert_memory_equal(actual_.ptr, (expected), actual_.len);                                 \
    } while (0)

#endif
