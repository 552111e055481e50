/*
 * Connections: lines from them, and what waits for slow ones.
 *
 * What is read goes into one buffer for all, behind what the connection had left of a line.  What
 * is sent goes to the kernel at once, and only what the kernel does not take is kept and waits for
 * EPOLLOUT.  A connection that is lost stays where it is until the end of the round, so that no
 * pointer leads to one that is gone.
 */
#define _GNU_SOURCE
#include "chat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

static const char GREETING[] = "Who are you?\r\n";
static const char FIRST_ROOM[] = "#lobby";
static const char JOIN[] = "/join ";

static char input[LINE_SIZE + READ_SIZE];
static struct connection *lost;
static int the_epoll;

static void watch(struct connection *connection, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(the_epoll, operation, connection->fd, &event) < 0)
        fail("epoll_ctl");
}

void connection_accepted(int epoll, int fd)
{
    struct connection *const connection = must_have(calloc(1, sizeof *connection));
    the_epoll = epoll;
    connection->fd = fd;
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    connection_send(connection, GREETING, sizeof GREETING - 1);
}

/* It is closed at the end of the round.  A reason that is worth telling is told on stderr. */
void connection_lose(struct connection *connection, const char *why)
{
    if (connection->lost)
        return;
    if (why != NULL)
        fprintf(stderr, "%.*s is dropped: %s\n", connection->nick_length, connection->nick, why);
    connection->lost = true;
    connection->next_lost = lost;
    lost = connection;
}

void connections_reap(void)
{
    while (lost != NULL) {
        struct connection *const connection = lost;
        lost = connection->next_lost;
        room_leave(connection);
        close(connection->fd);
        free(connection->waiting_bytes);
        free(connection->partial);
        free(connection);
    }
}

/* Keep what the kernel did not take. */
static void keep(struct connection *connection, const char *bytes, size_t length)
{
    const size_t needed = connection->waiting + length;
    if (needed > WAITING_SIZE) {
        connection_lose(connection, "too slow");
        return;
    }
    if (connection->waiting_begin + needed > connection->waiting_size) {
        if (needed > connection->waiting_size) {
            uint32_t size = connection->waiting_size ? connection->waiting_size : 4096;
            while (size < needed)
                size *= 2;
            connection->waiting_bytes = must_have(realloc(connection->waiting_bytes, size));
            connection->waiting_size = size;
        }
        memmove(connection->waiting_bytes, connection->waiting_bytes + connection->waiting_begin,
                connection->waiting);
        connection->waiting_begin = 0;
    }
    memcpy(connection->waiting_bytes + connection->waiting_begin + connection->waiting, bytes,
           length);
    if (connection->waiting == 0)
        watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    connection->waiting = (uint32_t)needed;
}

/* How many bytes the kernel takes now: 0 where it is full, or where the connection is lost. */
static size_t taken(struct connection *connection, const char *bytes, size_t length)
{
    const ssize_t sent = send(connection->fd, bytes, length, MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    if (errno != EAGAIN && errno != EINTR)
        connection_lose(connection, NULL);
    return 0;
}

/* Send now, or after what waits. */
void connection_send(struct connection *connection, const char *bytes, size_t length)
{
    if (connection->lost)
        return;
    const size_t sent = connection->waiting ? 0 : taken(connection, bytes, length);
    if (sent < length && !connection->lost)
        keep(connection, bytes + sent, length - sent);
}

void connection_writable(struct connection *connection)
{
    if (connection->lost || connection->waiting == 0)
        return;
    const size_t sent = taken(connection, connection->waiting_bytes + connection->waiting_begin,
                              connection->waiting);
    connection->waiting_begin += (uint32_t)sent;
    connection->waiting -= (uint32_t)sent;
    if (connection->waiting > 0 || connection->lost)
        return;
    free(connection->waiting_bytes);
    connection->waiting_bytes = NULL;
    connection->waiting_begin = connection->waiting_size = 0;
    watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

/* Write a line as it is heard.  Return its length, which is HEARD_SIZE at most. */
size_t heard_line(char *to, const struct connection *sender, const char *text, size_t length)
{
    char *end = to + sender->nick_length;
    memcpy(to, sender->nick, sender->nick_length);
    *end++ = ':';
    *end++ = ' ';
    memcpy(end, text, length);
    end += length;
    *end++ = '\r';
    *end++ = '\n';
    return (size_t)(end - to);
}

static void line_read(struct connection *connection, const char *line, size_t length)
{
    const size_t join = sizeof JOIN - 1;
    if (connection->room == NULL) {
        connection->nick_length = (uint8_t)(length < NICK_SIZE ? length : NICK_SIZE);
        memcpy(connection->nick, line, connection->nick_length);
        room_enter(connection, FIRST_ROOM, sizeof FIRST_ROOM - 1);
    } else if (length == 0 || line[0] != '/') {
        line_said(connection, line, length);
    } else if (length > join && memcmp(line, JOIN, join) == 0) {
        room_enter(connection, line + join, length - join);
    }
}

void connection_readable(struct connection *connection)
{
    if (connection->lost)
        return;
    char *const begin = input + connection->partial_length;
    const ssize_t got = recv(connection->fd, begin, READ_SIZE, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            connection_lose(connection, NULL);
        return;
    }
    if (connection->partial_length > 0)
        memcpy(input, connection->partial, connection->partial_length);
    const char *line = input;
    const char *const end = begin + got;
    const char *newline;
    for (const char *from = begin; (newline = memchr(from, '\n', (size_t)(end - from))) != NULL;
         from = line) {
        size_t length = (size_t)(newline - line);
        if (length > 0 && line[length - 1] == '\r')
            length--;
        if (length > LINE_SIZE)
            break;
        line_read(connection, line, length);
        line = newline + 1;
    }
    connection->partial_length = 0;
    if (end == line || connection->lost)
        return;
    if (end - line > LINE_SIZE) {
        connection_lose(connection, "a line that long");
        return;
    }
    if (connection->partial == NULL)
        connection->partial = must_have(malloc(LINE_SIZE));
    connection->partial_length = (uint32_t)(end - line);
    memcpy(connection->partial, line, connection->partial_length);
}
