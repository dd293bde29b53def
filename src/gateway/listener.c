/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fastcgi.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum { SYSTEMD_FIRST_FD = 3, BACKLOG = 4096, ADDRESS_SIZE = 160 };

struct listener {
    uv_poll_t poll;
    listener_accept *accept;
    void *owner;
    void (*on_close)(void *owner);
    int fd;
    bool tcp, own, paused;
    bool starved; /* paused since the last connection that could be accepted */
    char address[ADDRESS_SIZE];
};

static enum err io_error(const char *what, const char *where)
{
    log_error("gateway", what, LOG_CSTR("address", where), LOG_CSTR("reason", strerror(errno)));
    return ERR_IO;
}

/* A file that refuses connections is what a server that has gone left behind. */
static enum err remove_stale(const struct sockaddr_un *address)
{
    struct stat info;
    enum err err = ERR_OK;
    int fd;

    if (lstat(address->sun_path, &info) != 0)
        return ERR_OK;
    if (!S_ISSOCK(info.st_mode))
        return ERR_EXISTS;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return io_error("no socket", address->sun_path);
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN)
        err = ERR_EXISTS;
    else if (errno == ECONNREFUSED)
        unlink(address->sun_path);
    close(fd);
    return err;
}

static enum err bind_unix(struct str path, unsigned mode, int *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    enum err err;
    int fd;

    if (path.len == 0 || path.len >= sizeof address.sun_path)
        return ERR_SYNTAX;
    memcpy(address.sun_path, path.ptr, path.len);
    err = remove_stale(&address);
    if (err != ERR_OK)
        return err;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        (mode != 0 && chmod(address.sun_path, mode) != 0) || listen(fd, BACKLOG) != 0) {
        err = io_error("cannot listen", address.sun_path);
        if (fd >= 0)
            close(fd);
        return err;
    }
    *out = fd;
    return ERR_OK;
}

static int bind_address(const struct addrinfo *info)
{
    const int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* "host:port", "[v6]:port", ":port". */
static bool split_address(const char *text, char *host, size_t size, const char **port)
{
    const char *colon = strrchr(text, ':');
    uint64_t number;

    if (colon == NULL || str_uint(str_from(colon + 1), 0, 65535, &number) != ERR_OK)
        return false;
    struct str name = str_make(text, (size_t)(colon - text));
    if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = str_make(name.ptr + 1, name.len - 2);
    if (name.len >= size)
        return false;
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    *port = colon + 1;
    return true;
}

static enum err bind_tcp(const char *text, int *out)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list = NULL;
    char host[256];
    const char *port;
    enum err err = ERR_OK;
    int failed, fd = -1;

    if (!split_address(text, host, sizeof host, &port))
        return ERR_SYNTAX;
    failed = getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &list);
    if (failed != 0) {
        log_error("gateway", "cannot find the address to listen at", LOG_CSTR("where", text),
                  LOG_CSTR("why", gai_strerror(failed)));
        return ERR_IO;
    }
    for (const struct addrinfo *info = list; info != NULL && fd < 0; info = info->ai_next)
        fd = bind_address(info);
    if (fd >= 0)
        *out = fd;
    else
        err = errno == EADDRINUSE ? ERR_EXISTS : io_error("cannot listen", text);
    freeaddrinfo(list);
    return err;
}

enum err listener_bind(const char *text, unsigned mode, int *fd)
{
    const struct str prefix = STR("unix:");

    if (str_starts(str_from(text), prefix))
        return bind_unix(str_from_offset(str_from(text), prefix.len), mode, fd);
    return bind_tcp(text, fd);
}

static bool is_listening(int fd)
{
    int type = 0, on = 0;
    socklen_t size = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
        return false;
    size = sizeof on;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on != 0;
}

static uint64_t number_of(const char *variable)
{
    uint64_t value = 0;

    (void)str_uint(str_from(getenv(variable)), 0, INT32_MAX, &value);
    return value;
}

size_t listener_inherited(int *fds, size_t size)
{
    size_t count = 0;
    uint64_t systemd = number_of("LISTEN_FDS");

    if (systemd > 0 && number_of("LISTEN_PID") == (uint64_t)getpid()) {
        for (uint64_t i = 0; i < systemd && count < size; i++)
            if (is_listening(SYSTEMD_FIRST_FD + (int)i))
                fds[count++] = SYSTEMD_FIRST_FD + (int)i;
    } else if (size > 0 && is_listening(FCGI_LISTENSOCK_FILENO)) {
        fds[count++] = FCGI_LISTENSOCK_FILENO;
    }
    return count;
}

static void describe(struct listener *listener)
{
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_storage room;
    } address = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    char host[64], port[16];

    if (getsockname(listener->fd, &address.any, &size) != 0)
        return;
    if (address.any.sa_family == AF_UNIX) {
        snprintf(listener->address, sizeof listener->address, "unix:%.*s",
                 (int)sizeof address.local.sun_path, address.local.sun_path);
        return;
    }
    listener->tcp = true;
    if (getnameinfo(&address.any, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        snprintf(listener->address, sizeof listener->address,
                 address.any.sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* Out of file descriptors: connections in the kernel's queue are better served later, or by
 * another worker, than turned away. */
static void pause_listening(struct listener *listener)
{
    if (!listener->starved)
        log_warn("gateway", "stopped accepting", LOG_CSTR("address", listener->address),
                 LOG_CSTR("reason", strerror(errno)));
    listener->starved = true;
    listener->paused = true;
    uv_poll_stop(&listener->poll);
}

static bool accept_one(struct listener *listener)
{
    const int on = 1;
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return false;
    listener->starved = false;
    if (listener->tcp)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    listener->accept(listener->owner, fd);
    return true;
}

/* One at a time: workers that share the socket then share the connections. */
static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = (struct listener *)((char *)poll - offsetof(struct listener, poll));

    (void)status, (void)events;
    if (!accept_one(listener) &&
        (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
        pause_listening(listener);
}

void listener_resume(struct listener *listener)
{
    if (!listener->paused)
        return;
    listener->paused = false;
    uv_poll_start(&listener->poll, UV_READABLE, on_connection);
}

enum err listener_open(uv_loop_t *loop, int fd, bool own, listener_accept *accept, void *owner,
                       struct listener **out)
{
    struct listener *listener = mem_zalloc(sizeof *listener);

    if (uv_poll_init(loop, &listener->poll, fd) != 0) {
        free(listener);
        close(fd);
        return ERR_IO;
    }
    listener->fd = fd;
    listener->own = own;
    listener->accept = accept;
    listener->owner = owner;
    describe(listener);
    uv_poll_start(&listener->poll, UV_READABLE, on_connection);
    *out = listener;
    return ERR_OK;
}

static void on_gateway_listener_closed(uv_handle_t *handle)
{
    struct listener *listener =
        (struct listener *)((char *)handle - offsetof(struct listener, poll));
    void (*on_close)(void *owner) = listener->on_close;
    void *owner = listener->owner;

    free(listener);
    on_close(owner);
}

void listener_close(struct listener *listener, void (*on_close)(void *owner))
{
    const struct str prefix = STR("unix:");

    /* A client that connects from now on is refused and tries another worker; none is lost between
     * the last accept and the end. */
    if (listener->own && str_starts(str_from(listener->address), prefix)) {
        unlink(listener->address + prefix.len);
        shutdown(listener->fd, SHUT_RD);
    }
    for (int i = 0; i < BACKLOG && accept_one(listener); i++)
        ;
    listener->on_close = on_close;
    uv_close((uv_handle_t *)&listener->poll, on_gateway_listener_closed);
    close(listener->fd);
}

const char *listener_address(const struct listener *listener)
{
    return listener->address;
}
