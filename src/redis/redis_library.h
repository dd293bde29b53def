/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_LIBRARY_H
#define LARDER_REDIS_REDIS_LIBRARY_H

/* Inside of redis/: hiredis 0.14 or 1.x, whose inline functions our warnings are not for. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#ifdef HAVE_HIREDIS_SSL
#include <hiredis/hiredis_ssl.h>
#endif
#pragma GCC diagnostic pop

#endif
