/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/request_ids.h"

#include "base/random.h"
#include "base/str.h"

enum { HALF = REQUEST_ID_SIZE / 2 };

void request_ids_init(struct request_ids *ids, enum request_ids_of of)
{
    unsigned char random[HALF / 2];

    random_bytes(random, sizeof random);
    random_bytes(&ids->next, sizeof ids->next);
    random[0] = (unsigned char)((random[0] & 0x7f) | (of == REQUEST_IDS_EDGE ? 0x80 : 0));
    hex_encode(random, sizeof random, ids->process);
}

/* An odd factor permutes the 32-bit numbers. */
void request_ids_next(struct request_ids *ids, char id[static REQUEST_ID_SIZE])
{
    uint32_t next = ids->next++ * UINT32_C(0x9e3779b1);

    memcpy(id, ids->process, HALF);
    hex_encode(&next, sizeof next, id + HALF);
}
