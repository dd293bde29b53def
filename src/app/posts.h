/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_POSTS_H
#define LARDER_APP_POSTS_H

#include "app/resource.h"

/* The blog. */
extern const struct resource posts;

#endif
