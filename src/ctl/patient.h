/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_PATIENT_H
#define LARDER_CTL_PATIENT_H

#include "ctl/ctl.h"

/* A connection to MongoDB without timeouts: creating an index of a large collection is one command.
 */

struct patient {
    struct ctl *ctl;
    struct mongo *mongo;
    uv_signal_t signals[2]; /* SIGINT, SIGTERM */
    bool interrupted;
    unsigned open; /* handles */
};

/* On false, the reason was printed. */
bool patient_open(struct patient *patient, struct ctl *ctl);
void patient_close(struct patient *patient);
/* Runs work as mongo_run does while the loop goes on. Calls meanwhile() about once a second; it may
 * itself wait on the loop. */
enum err patient_run(struct patient *patient, enum err (*work)(struct mongo_db *db, void *context),
                     void (*meanwhile)(void *context), void *context);

#endif
