/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PRODUCTS_H
#define LARDER_APP_PRODUCTS_H

#include "app/resource.h"

/* The catalogue. */
extern const struct resource products;

#endif
