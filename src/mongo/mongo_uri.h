/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_URI_H
#define LARDER_MONGO_MONGO_URI_H

#include "mongo/driver.h"

/* Inside of mongo/: the URI with our settings in what it leaves open; see mongo_new.  The caller
 * destroys *out. */
enum err mongo_uri_parse(const char *text, mongoc_uri_t **out, const char **why);

#endif
