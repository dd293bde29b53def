/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/handlers.h"
#include "app/people/account.h"
#include "app/people/people.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"

/* GET /api/users?email=&page=&limit=: all accounts, for administrators, the newest first; from
 * MongoDB, since it is seldom asked for. */

enum { EMAIL, LIMIT, PAGE };

static const struct query_param params[] = {
    [EMAIL] = {.name = STR_INIT("email"),
               .type = PARAM_STRING,
               .op = PARAM_EQ,
               .min = 1,
               .max = EMAIL_MAX,
               .help = STR_INIT("The account with this email")},
    [LIMIT] = {.name = STR_INIT("limit"),
               .type = PARAM_INTEGER,
               .op = PARAM_LIMIT,
               .low = 1,
               .high = 100,
               .initial = STR_INIT("20")},
    [PAGE] = {.name = STR_INIT("page"),
              .type = PARAM_INTEGER,
              .op = PARAM_PAGE,
              .low = 1,
              .high = PAGE_REACH,
              .initial = STR_INIT("1")},
};

/* It may outlast its request. */
struct listing {
    struct request *request;
    struct mongo_job job;
    uint32_t page, limit;
    struct condition email; /* of all accounts, where email_given is false */
    bool email_given;
    struct buf out;
    uint64_t count;
    int64_t total;
    char room[EMAIL_MAX];
};

static bool put_profile(void *context, const struct value *captured)
{
    struct listing *listing = context;
    struct profile profile;

    profile_take(captured, &profile, NULL);
    if (listing->count++ > 0)
        buf_char(&listing->out, ',');
    profile_json(&profile, &listing->out);
    return true;
}

static enum err account_list_work(struct mongo_db *db, void *context)
{
    static const struct sort_key newest = {STR_INIT("_id"), -1};
    struct listing *listing = context;
    const struct find find = {.collection = users.collection,
                              .conditions = &listing->email,
                              .condition_count = listing->email_given,
                              .sort = &newest,
                              .sort_count = 1,
                              .skip = (listing->page - 1) * listing->limit,
                              .limit = listing->limit,
                              .shape = &profile_shape};
    enum err err = collection_count(db, users.collection, &listing->email, listing->email_given, 0,
                                    &listing->total);

    if (err == ERR_OK)
        err = collection_each(db, &find, put_profile, listing);
    return err == ERR_OK ? listing->out.err : err;
}

static void account_list_done(void *context, enum err err)
{
    const struct listing *listing = context;
    struct request *request = listing->request;
    struct buf *body = &request->response.body;

    if (err != ERR_OK) {
        problem_send_err(request, database_err(err));
        return;
    }
    buf_printf(body,
               "{\"success\":true,\"source\":\"database\",\"count\":%llu,\"total\":%lld,"
               "\"page\":%u,\"pages\":%lld,\"limit\":%u,\"data\":[",
               (unsigned long long)listing->count, (long long)listing->total, listing->page,
               (long long)((listing->total + listing->limit - 1) / listing->limit), listing->limit);
    buf_str(body, buf_view(&listing->out));
    buf_literal(body, "]}");
    response_header(&request->response, STR("X-Total-Count"),
                    arena_decimal(&request->arena, (uint64_t)listing->total));
    personal_send(request, 200);
}

static void account_list_release(void *context)
{
    struct listing *listing = context;

    buf_free(&listing->out);
    free(listing);
}

static void account_list_begin(struct app *app, struct request *request, const struct query *query)
{
    struct listing *listing = mem_zalloc(sizeof *listing);
    const struct query_value *email = &query->values[EMAIL];
    struct str text = email->text;

    listing->request = request;
    listing->page = (uint32_t)query->values[PAGE].value.integer;
    listing->limit = (uint32_t)query->values[LIMIT].value.integer;
    listing->email_given = email->given;
    if (email->given && email_normalise(email->text, listing->room, &text) != ERR_OK)
        text = STR("");
    listing->email = (struct condition){STR("email"), OP_EQ, value_string(text)};
    buf_init(&listing->out, RESPONSE_BODY_MAX / 2);
    listing->job = (struct mongo_job){.work = account_list_work,
                                      .done = account_list_done,
                                      .release = account_list_release,
                                      .context = listing,
                                      .deadline_ms = clock_mono_ms() + READ_MS};
    mongo_submit_or_tell(app->mongo, &listing->job);
}

void users_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct problem problem;
    struct query query;

    (void)route, (void)id;
    if (!account_admin(request))
        return;
    problem_init(&problem, &request->arena);
    if (query_parse(&query, params, COUNT(params), request->query, &request->arena, &problem) ==
            ERR_OK &&
        query.values[PAGE].value.integer * query.values[LIMIT].value.integer > PAGE_REACH)
        problem_add(&problem, STR("page"), STR("reaches no further than page × limit = 10000"));
    if (problem.count == 0)
        account_list_begin(context, request, &query);
    else
        problem_send_invalid(request, &problem);
}
