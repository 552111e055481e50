/*
 * The loop: listen on a port of 127.0.0.1, which is the only argument, until a signal ends it.
 */
#define _GNU_SOURCE
#include "chat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { EVENTS = 4096, BACKLOG = 4096 };

_Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

void *must_have(void *memory)
{
    if (memory == NULL)
        fail("memory");
    return memory;
}

static void allow_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        fail("getrlimit");
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        fail("setrlimit");
}

static int listening(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        fail("SO_REUSEADDR");
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        fail("bind");
    if (listen(fd, BACKLOG) < 0)
        fail("listen");
    return fd;
}

static void accept_all(int epoll, int listener)
{
    const int on = 1;
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN)
                return;
            if (errno == ECONNABORTED || errno == EINTR)
                continue;
            fail("accept4");
        }
        if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
            fail("TCP_NODELAY");
        connection_accepted(epoll, fd);
    }
}

static _Noreturn void serve(int epoll, int listener)
{
    static struct epoll_event events[EVENTS];
    for (;;) {
        const int count = epoll_wait(epoll, events, EVENTS, -1);
        if (count < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int index = 0; index < count; index++) {
            struct connection *const connection = events[index].data.ptr;
            const uint32_t what = events[index].events;
            if (connection == NULL) {
                accept_all(epoll, listener);
                continue;
            }
            if (what & EPOLLOUT)
                connection_writable(connection);
            if (what & (EPOLLIN | EPOLLHUP | EPOLLERR))
                connection_readable(connection);
        }
        round_ended();
        connections_reap();
    }
}

int main(int count, char **arguments)
{
    const long port = count == 2 ? strtol(arguments[1], NULL, 10) : 0;
    if (port < 1 || port > 65535) {
        fprintf(stderr, "usage: %s PORT\n", arguments[0]);
        return 1;
    }
    allow_files();
    const int listener = listening((uint16_t)port);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll_create1");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        fail("epoll_ctl");
    serve(epoll, listener);
}
