/* SPDX-License-Identifier: BSD-2-Clause */
/* The yardstick of scripts/bench: the least that a FastCGI responder behind nginx can do.  One
 * process, epoll, kept connections, one read and one write a request, the same bytes each time.
 * Nothing that it is sent is looked at but where records begin and end: no server to copy from.
 *
 *   constant SOCKET FILE        FILE: header lines, an empty one, the body */
#include <errno.h>
#include <fastcgi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ = 65536, ANSWER_MAX = 65000, FDS = 65536, EVENTS = 64 };

/* How much of the record that is being read is still to come. */
struct stream {
    unsigned char header[FCGI_HEADER_LEN];
    unsigned have, left;
};

static struct stream streams[FDS];
static char answer[ANSWER_MAX + 64];
static size_t answer_len;

static void put_header(int type, size_t length, size_t padding)
{
    unsigned char header[FCGI_HEADER_LEN] = {1,
                                             (unsigned char)type,
                                             0,
                                             1,
                                             (unsigned char)(length >> 8),
                                             (unsigned char)length,
                                             (unsigned char)padding};

    memcpy(answer + answer_len, header, sizeof header);
    answer_len += sizeof header;
}

static size_t read_answer(const char *path, char *to, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(to, 1, size, file) : 0;

    if (len == 0 || len == size) {
        fprintf(stderr, "%s: missing, empty or too long\n", path);
        exit(1);
    }
    fclose(file);
    return len;
}

static void make_answer(const char *path)
{
    static char bytes[ANSWER_MAX];
    size_t len = read_answer(path, bytes, sizeof bytes);
    size_t padding = (8 - len % 8) % 8;

    put_header(FCGI_STDOUT, len, padding);
    memcpy(answer + answer_len, bytes, len);
    answer_len += len + padding;
    put_header(FCGI_STDOUT, 0, 0);
    put_header(FCGI_END_REQUEST, sizeof(FCGI_EndRequestBody), 0);
    answer_len += sizeof(FCGI_EndRequestBody);
}

/* The number of requests that end in these bytes. */
static unsigned count_requests(struct stream *stream, const unsigned char *at, size_t len)
{
    unsigned requests = 0;

    while (len > 0) {
        size_t n = stream->left < len ? stream->left : len;
        at += n;
        len -= n;
        stream->left -= (unsigned)n;
        while (stream->left == 0 && len > 0 && stream->have < FCGI_HEADER_LEN) {
            stream->header[stream->have++] = *at++;
            len--;
        }
        if (stream->left > 0 || stream->have < FCGI_HEADER_LEN)
            continue;
        const unsigned char *header = stream->header;
        unsigned length = (unsigned)header[4] << 8 | header[5];
        requests += header[1] == FCGI_STDIN && length == 0;
        stream->left = length + header[6];
        stream->have = 0;
    }
    return requests;
}

static int serve(int fd)
{
    static unsigned char bytes[READ];
    ssize_t n = read(fd, bytes, sizeof bytes);

    if (n <= 0)
        return n < 0 && errno == EAGAIN ? 0 : -1;
    for (unsigned i = count_requests(&streams[fd], bytes, (size_t)n); i > 0; i--)
        if (write(fd, answer, answer_len) != (ssize_t)answer_len)
            return -1;
    return 0;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 4096) != 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    int listener, epoll = epoll_create1(0);

    if (argc != 3) {
        fprintf(stderr, "usage: constant SOCKET FILE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    make_answer(argv[2]);
    listener = listen_at(argv[1]);
    watch(epoll, listener);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                if (serve(fd) != 0)
                    close(fd);
            } else if ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0 && fd < FDS) {
                streams[fd] = (struct stream){.have = 0};
                watch(epoll, fd);
            }
        }
    }
}
