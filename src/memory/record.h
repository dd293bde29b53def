/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_RECORD_H
#define LARDER_MEMORY_RECORD_H

#include "memory/segment.h"

/* One stored answer.  It never changes once it is written, and says itself whether it is whole and
 * under which tags it was asked for: so however a reader comes to it, an old seq makes it a miss.
 */

/* Everything about the item but its bytes. */
void record_make(struct record *record, const struct memory_item *item,
                 const struct memory_snapshot *snapshot);
void record_write(_Atomic uint64_t *words, const struct record *record,
                  const struct memory_item *item);
/* Copies the fixed part and the tags; false when they are not those of a whole record that fits
 * into so many units: it is being overwritten. */
bool record_read(const _Atomic uint64_t *words, uint32_t units, struct record *record);

/* The same answer under the same tags; it may expire at another time. */
bool record_is_same(const struct record *a, const struct record *b);

const _Atomic uint64_t *record_key(const _Atomic uint64_t *words, const struct record *record);
const _Atomic uint64_t *record_part(const _Atomic uint64_t *words, const struct record *record,
                                    enum memory_part part);

/* Neither voided nor moved: worth keeping. */
bool record_is_current(const struct memory *m, const struct record *record);
/* And neither fenced nor pending: may be served. */
bool record_is_trusted(const struct memory *m, const struct record *record, int64_t mono_ns);

#endif
