/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_STORE_LIBRARY_H
#define LARDER_STORE_LIBRARY_H

/* Versions of the libraries, such as "1.23.1"; static. */
const char *library_mongoc(void);
const char *library_hiredis(void);

#endif
