/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever a peer sends: the protocol's rules under libFuzzer, or, compiled with FUZZ_REPLAY, on
 * the files that are named.
 *
 *   clang -fsanitize=fuzzer,address,undefined …   fuzz_records CORPUS
 *   cc -DFUZZ_REPLAY …                            fuzz_records FILE…
 *
 * The first byte says how the rest is split, and whether a request is answered at once. */
#include <stdio.h>
#include <stdlib.h>

#include "gateway/fcgi_answer.h"
#include "gateway/intake.h"

enum { MAX_BODY = 4096, REPLY_MAX = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Every byte that a handler may look at. */
static void look_at(const struct request *request)
{
    volatile char sum = 0;

    for (size_t i = 0; i < request->param_count; i++)
        for (size_t j = 0; j < request->params[i].value.len; j++)
            sum = (char)(sum + request->params[i].value.ptr[j]);
    for (size_t i = 0; i < request->body.len; i++)
        sum = (char)(sum + request->body.ptr[i]);
    must(request->path.len > 0 && request->path.ptr[0] == '/');
    must(request->param_count <= PARAMS_COUNT_MAX);
    must(request->body.len <= MAX_BODY);
    must(!request->too_large || request->body.len == 0);
}

static void finish(struct intake *intake)
{
    static struct answer answer;
    struct exchange *exchange = intake->exchange;

    if (exchange->request.response.status == 0)
        answer_error(&exchange->request, 404, "Not found");
    answer_build(&answer, &exchange->request, intake->id, false);
    must(answer.count > 0);
    intake_finished(intake);
    exchange_put(exchange);
}

/* As a connection acts; false when it closes. */
static bool act(struct intake *intake, enum intake_event event, bool at_once)
{
    switch (event) {
    case INTAKE_MORE: return true;
    case INTAKE_REQUEST:
        must(intake->state == INTAKE_BUSY);
        look_at(&intake->exchange->request);
        if (at_once)
            finish(intake);
        break;
    case INTAKE_REFUSED:
        answer_error(&intake->exchange->request, intake->status, intake->message);
        finish(intake);
        break;
    case INTAKE_ABORTED:
        exchange_put(intake->exchange);
        intake_aborted(intake);
        break;
    case INTAKE_REPLY: must(intake->reply_len <= REPLY_MAX); break;
    case INTAKE_DRAINED: break;
    case INTAKE_BROKEN: return false;
    }
    return intake->state != INTAKE_IDLE || intake->keep;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exchange_pool *pool = exchange_pool_new(MAX_BODY);
    struct intake intake;
    size_t step = size > 0 && data[0] > 1 ? data[0] / 2 : SIZE_MAX;
    bool at_once = size > 0 && data[0] % 2 == 0, open = true;

    intake_init(&intake, pool, 1000);
    for (size_t at = 1; at < size && open;) {
        size_t n = size - at < step ? size - at : step;
        struct str piece = str_make((const char *)data + at, n);
        enum intake_event event;
        do {
            event = intake_next(&intake, &piece);
            open = act(&intake, event, at_once);
        } while (open && event != INTAKE_MORE);
        must(!open || piece.len == 0);
        at += n;
    }
    if (intake.exchange != NULL)
        exchange_put(intake.exchange);
    exchange_pool_free(pool);
    return 0;
}

#ifdef FUZZ_REPLAY
int main(int argc, char **argv)
{
    enum { SIZE_LIMIT = 1 << 24 };
    uint8_t *data = malloc(SIZE_LIMIT);

    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(data, 1, SIZE_LIMIT, file);
        fclose(file);
        /* An exact copy: a byte too far is seen. */
        uint8_t *exact = malloc(size + 1);
        memcpy(exact, data, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
    free(data);
    return 0;
}
#endif
