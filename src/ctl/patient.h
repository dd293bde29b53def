/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_PATIENT_H
#define LARDER_CTL_PATIENT_H

#include "ctl/ctl.h"

/* A connection to MongoDB that waits for an answer as long as it takes: an index of a large
 * collection is made in one command. */

struct patient {
    struct ctl *ctl;
    struct mongo *mongo;
    uv_signal_t signals[2]; /* SIGINT, SIGTERM */
    bool interrupted;
    unsigned open; /* handles */
};

/* false: the reason is printed. */
bool patient_open(struct patient *patient, struct ctl *ctl);
void patient_close(struct patient *patient);
/* Runs work as mongo_run does, while the loop runs: meanwhile() is called each second or so, and
 * may itself wait on the loop. */
enum err patient_run(struct patient *patient, enum err (*work)(struct mongo_db *db, void *context),
                     void (*meanwhile)(void *context), void *context);

#endif
