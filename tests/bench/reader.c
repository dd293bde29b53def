/* SPDX-License-Identifier: BSD-2-Clause */
/* How long reads take at a modest pace: through nginx and the workers, or asked of the database by
 * the same code without either.
 *
 *   reader http PORT FILE READERS RATE SECONDS
 *   reader database - FILE READERS RATE SECONDS      the address is in MONGODB_URI
 *
 * FILE has a line for each read, "item <id>" or "list <category>".  Each reader waits a random time
 * (exponential, so that all of them make RATE reads a second), reads, and notes how long it took.
 * Prints one line of JSON, times in milliseconds. */
#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mongo/collection.h"

enum { READS_MAX = 200000, LINES_MAX = 20000, LINE_SIZE = 128, LIMIT = 20, ANSWER_MAX = 1 << 20 };
enum { HELD_UP_MS = 45 }; /* less than the time that a command to Redis is given */

struct read {
    bool list;
    char what[LINE_SIZE];
};

struct reader {
    pthread_t thread;
    unsigned short seed[3];
    int socket;
    char *answer;
    size_t count, errors, bypassed;
    double *took_ms;
};

static struct read reads[LINES_MAX];
static size_t read_count;
static struct mongo *mongo; /* NULL: through nginx */
static uint16_t port;
static double think_s, seconds;
static pthread_barrier_t ready; /* each has connected */

/* --- The database --- */

static const struct shape_field fields[] = {
    {.name = STR_INIT("_id")},         {.name = STR_INIT("name")},
    {.name = STR_INIT("price")},       {.name = STR_INIT("category")},
    {.name = STR_INIT("description")}, {.name = STR_INIT("inStock")},
    {.name = STR_INIT("featured")},    {.name = STR_INIT("createdAt")},
    {.name = STR_INIT("updatedAt")},
};
static const struct shape shape = SHAPE(fields);

static enum err ask_item(struct mongo_db *db, const struct read *read, struct buf *out)
{
    struct oid id;
    struct condition condition = {STR("_id"), OP_EQ, value_null()};
    struct find find = {.collection = STR("products"),
                        .conditions = &condition,
                        .condition_count = 1,
                        .limit = 1,
                        .shape = &shape};
    struct find_result result = {0};

    if (oid_parse(str_from(read->what), &id) != ERR_OK)
        return ERR_SYNTAX;
    condition.value = value_oid(id);
    return collection_find(db, &find, out, &result);
}

static enum err ask_list(struct mongo_db *db, const struct read *read, struct buf *out)
{
    const struct sort_key sort[] = {{STR("createdAt"), -1}, {STR("_id"), -1}};
    struct condition condition = {STR("category"), OP_EQ, value_string(str_from(read->what))};
    struct find find = {.collection = STR("products"),
                        .conditions = &condition,
                        .condition_count = 1,
                        .sort = sort,
                        .sort_count = 2,
                        .limit = LIMIT,
                        .shape = &shape,
                        .look_ahead = true};
    struct find_result result = {0};
    int64_t total;
    enum err err = collection_find(db, &find, out, &result);

    if (err == ERR_OK && result.more)
        err = collection_count(db, STR("products"), &condition, 1, 0, &total);
    return err;
}

static enum err ask(struct mongo_db *db, void *context)
{
    const struct read *read = context;
    struct buf out = BUF_INIT(ANSWER_MAX);
    enum err err = (read->list ? ask_list : ask_item)(db, read, &out);

    buf_free(&out);
    return err;
}

/* --- nginx --- */

static int connect_to(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    perror("connect");
    exit(2);
}

/* One answer, whole; its length, or 0. */
static size_t receive(struct reader *reader)
{
    size_t have = 0, want = ANSWER_MAX - 1;

    while (have < want) {
        ssize_t got = recv(reader->socket, reader->answer + have, ANSWER_MAX - 1 - have, 0);
        const char *body, *length;
        if (got <= 0)
            return 0;
        have += (size_t)got;
        reader->answer[have] = '\0';
        body = strstr(reader->answer, "\r\n\r\n");
        length = strstr(reader->answer, "\r\nContent-Length: ");
        if (body != NULL && (length == NULL || length > body))
            return 0;
        if (body != NULL)
            want = (size_t)(body + 4 - reader->answer) + strtoul(length + 18, NULL, 10);
    }
    return have;
}

static bool get(struct reader *reader, const struct read *read)
{
    char text[512];
    int len = snprintf(text, sizeof text, "GET /api/products%s%s HTTP/1.1\r\nHost: x\r\n\r\n",
                       read->list ? "?category=" : "/", read->what);

    if (send(reader->socket, text, (size_t)len, MSG_NOSIGNAL) != len || receive(reader) == 0) {
        close(reader->socket);
        reader->socket = connect_to();
        return false;
    }
    reader->bypassed += strstr(reader->answer, "fwd=") != NULL;
    return strncmp(reader->answer, "HTTP/1.1 200 ", 13) == 0;
}

/* --- Reading --- */

static bool once(struct reader *reader, struct read *read)
{
    return mongo != NULL ? mongo_run(mongo, ask, read) == ERR_OK : get(reader, read);
}

static void *run(void *context)
{
    struct reader *reader = context;
    int64_t end_ns;

    if (mongo != NULL)
        (void)once(reader, reads);
    pthread_barrier_wait(&ready);
    end_ns = clock_mono_ns() + (int64_t)(seconds * 1e9);
    while (reader->count < READS_MAX) {
        double wait_s = -think_s * log(1 - erand48(reader->seed));
        struct read *read = &reads[(size_t)nrand48(reader->seed) % read_count];
        int64_t begun_ns;
        bool ok;

        usleep((useconds_t)(wait_s * 1e6));
        begun_ns = clock_mono_ns();
        if (begun_ns >= end_ns)
            break;
        ok = once(reader, read);
        reader->took_ms[reader->count++] = (double)(clock_mono_ns() - begun_ns) / 1e6;
        reader->errors += !ok;
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(struct reader *readers, size_t reader_count)
{
    double *all = mem_array(reader_count * READS_MAX, sizeof *all);
    size_t count = 0, errors = 0, bypassed = 0, held_up = 0;

    for (size_t i = 0; i < reader_count; i++) {
        memcpy(all + count, readers[i].took_ms, readers[i].count * sizeof *all);
        count += readers[i].count;
        errors += readers[i].errors;
        bypassed += readers[i].bypassed;
    }
    if (count == 0)
        exit(2);
    qsort(all, count, sizeof *all, compare);
    while (held_up < count && all[count - 1 - held_up] >= HELD_UP_MS)
        held_up++;
    printf("{\"reads\":%zu,\"errors\":%zu,\"bypassed\":%zu,\"held_up\":%zu,\"p50\":%.3f,"
           "\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}\n",
           count, errors, bypassed, held_up, all[count / 2], all[count * 99 / 100],
           all[count * 999 / 1000], all[count - 1]);
    free(all);
}

static void take_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char kind[8];

    if (file == NULL) {
        perror(path);
        exit(2);
    }
    while (read_count < LINES_MAX && fscanf(file, "%7s %127s", kind, reads[read_count].what) == 2)
        reads[read_count++].list = strcmp(kind, "list") == 0;
    fclose(file);
}

static void open_database(unsigned readers)
{
    struct mongo_config config = {.uri = getenv("MONGODB_URI"), .threads = readers};
    const char *why = "there is no MONGODB_URI";

    if (config.uri == NULL || mongo_new(&config, &mongo, &why) != ERR_OK) {
        fprintf(stderr, "%s\n", why);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    size_t count;
    struct reader *readers;

    if (argc != 7 || (count = strtoul(argv[4], NULL, 10)) == 0) {
        fprintf(stderr, "usage: reader http|database PORT FILE READERS RATE SECONDS\n");
        return 2;
    }
    take_file(argv[3]);
    port = (uint16_t)strtoul(argv[2], NULL, 10);
    if (read_count > 0 && strcmp(argv[1], "database") == 0)
        open_database((unsigned)count);
    think_s = (double)count / strtod(argv[5], NULL);
    seconds = strtod(argv[6], NULL);
    pthread_barrier_init(&ready, NULL, (unsigned)count);
    readers = mem_array(count, sizeof *readers);
    for (size_t i = 0; i < count; i++) {
        readers[i] = (struct reader){.seed = {(unsigned short)(i + 1), 5, 8},
                                     .socket = mongo == NULL ? connect_to() : -1,
                                     .answer = mem_alloc(ANSWER_MAX),
                                     .took_ms = mem_array(READS_MAX, sizeof(double))};
        pthread_create(&readers[i].thread, NULL, run, &readers[i]);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(readers[i].thread, NULL);
    report(readers, count);
    return 0;
}
