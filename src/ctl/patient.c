/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/patient.h"

#include <signal.h>
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"

enum { EVERY_MS = 1000 };

/* The settings' URI with a time that is never reached. */
static void put_uri(struct buf *out, struct str uri)
{
    size_t query = str_find(uri, '?'), hosts = str_starts(uri, STR("mongodb+srv://"))
                                                   ? sizeof "mongodb+srv://" - 1
                                                   : sizeof "mongodb://" - 1;
    bool path = str_find(str_from_offset(uri, hosts), '/') < str_from_offset(uri, hosts).len;

    buf_str(out, uri);
    buf_str(out, query < uri.len ? STR("&") : path ? STR("?") : STR("/?"));
    buf_literal(out, "socketTimeoutMS=2147483647");
    buf_char(out, '\0');
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct patient *patient = handle->data;

    (void)number;
    patient->interrupted = true;
}

static void catch_signals(struct patient *patient)
{
    static const int numbers[] = {SIGINT, SIGTERM};

    for (size_t i = 0; i < COUNT(numbers); i++) {
        uv_signal_init(&patient->ctl->loop, &patient->signals[i]);
        patient->signals[i].data = patient;
        uv_signal_start(&patient->signals[i], on_signal, numbers[i]);
        patient->open++;
    }
}

bool patient_open(struct patient *patient, struct ctl *ctl)
{
    struct buf uri = BUF_INIT(MONGO_URI_MAX + 64);
    struct mongo_config config = {.loop = &ctl->loop, .threads = 2, .queue = 2};
    const char *why = "";
    enum err err;

    *patient = (struct patient){.ctl = ctl};
    put_uri(&uri, str_from(config_text(ctl->config, CONFIG_MONGODB_URI)));
    config.uri = uri.ptr;
    err = mongo_new(&config, &patient->mongo, &why);
    if (err != ERR_OK)
        ctl_error("MONGODB_URI: %s", why);
    else
        catch_signals(patient);
    buf_free(&uri);
    return err == ERR_OK;
}

static void set_flag(void *context)
{
    *(bool *)context = true;
}

static void on_signal_closed(uv_handle_t *handle)
{
    ((struct patient *)handle->data)->open--;
}

void patient_close(struct patient *patient)
{
    bool closed = false;

    for (size_t i = 0; i < COUNT(patient->signals); i++)
        uv_close((uv_handle_t *)&patient->signals[i], on_signal_closed);
    while (patient->open > 0)
        uv_run(&patient->ctl->loop, UV_RUN_ONCE);
    mongo_close(patient->mongo, set_flag, &closed);
    ctl_wait(patient->ctl, &closed);
}

/* One call, and the timer beside it. */
struct call {
    enum err (*work)(struct mongo_db *db, void *context);
    void *context;
    struct mongo_job job;
    uv_timer_t timer;
    enum err err;
    bool done, released, timed, closed;
};

static enum err do_work(struct mongo_db *db, void *context)
{
    const struct call *call = context;

    return call->work(db, call->context);
}

static void on_done(void *context, enum err err)
{
    struct call *call = context;

    call->err = err;
    call->done = true;
}

static void on_released(void *context)
{
    set_flag(&((struct call *)context)->released);
}

static void on_patient_time(uv_timer_t *timer)
{
    set_flag(&((struct call *)timer->data)->timed);
}

static void on_patient_closed(uv_handle_t *handle)
{
    set_flag(&((struct call *)handle->data)->closed);
}

enum err patient_run(struct patient *patient, enum err (*work)(struct mongo_db *db, void *context),
                     void (*meanwhile)(void *context), void *context)
{
    struct call *call = mem_zalloc(sizeof *call);
    enum err err;

    call->work = work;
    call->context = context;
    call->job = (struct mongo_job){
        .work = do_work, .done = on_done, .release = on_released, .context = call, .write = true};
    uv_timer_init(&patient->ctl->loop, &call->timer);
    call->timer.data = call;
    uv_timer_start(&call->timer, on_patient_time, EVERY_MS, EVERY_MS);
    mongo_submit_or_tell(patient->mongo, &call->job);
    while (!call->released && !patient->interrupted) {
        uv_run(&patient->ctl->loop, UV_RUN_ONCE);
        if (call->timed && !call->done && meanwhile != NULL)
            meanwhile(context);
        call->timed = false;
    }
    if (!call->released)
        return ERR_CANCELED; /* a thread still uses the call */
    uv_close((uv_handle_t *)&call->timer, on_patient_closed);
    ctl_wait(patient->ctl, &call->closed);
    err = call->err;
    free(call);
    return err;
}
