/*
 * The least that a chat is: connections, nicknames and rooms.
 *
 * each.c and joining.c are two servers made of it.  They show what the kernel allows: one thread,
 * one epoll, and per delivery no more than a send().  Both speak the same protocol:
 *
 *   - on connecting, a server greets with one line;
 *   - the first line of a client is its nickname, which takes it into a first room;
 *   - "/join NAME" takes it into another room, and any other line with a slash does nothing;
 *   - every other line is heard by all others in the room, as "NICK: TEXT\r\n".
 *
 * A line may end with LF or CRLF.  Nothing is cleaned or answered, and there are no limits.
 */
#ifndef CHAT_H
#define CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NICK_SIZE = 32,            /* the longest nickname, in bytes */
    LINE_SIZE = 4096,          /* the longest line that is read, its end included */
    HEARD_SIZE = 5000,         /* the longest line that is heard: nick, colon, text, end */
    WAITING_SIZE = 1024 * 1024 /* what may wait for a slow recipient, who is dropped beyond it */
};

struct room;

struct connection {
    int fd;
    bool lost;     /* it is closed at the end of the round */
    bool spoke;    /* for joining.c: has said something in this round */
    uint8_t nick_length;
    uint32_t place;          /* its index in the room */
    uint32_t waiting;        /* bytes that the kernel did not take */
    uint32_t waiting_begin;  /* where they begin */
    uint32_t waiting_size;   /* what is allocated for them */
    uint32_t partial_length; /* bytes of a line of which the end has not come */
    char *waiting_bytes;
    char *partial;
    struct room *room; /* NULL: no nickname yet */
    struct connection *next_lost;
    char nick[NICK_SIZE];
};

struct room {
    struct connection **connections;
    uint32_t count;
    uint32_t size;
    struct round *round; /* joining.c's own */
    struct room *next;
    char name[NICK_SIZE];
};

/* rooms.c */
extern struct room *rooms;
void room_enter(struct connection *connection, const char *name, size_t length);
void room_leave(struct connection *connection);

/* connections.c */
void connection_accepted(int epoll, int fd);
void connection_readable(struct connection *connection);
void connection_writable(struct connection *connection);
void connection_send(struct connection *connection, const char *bytes, size_t length);
void connection_lose(struct connection *connection, const char *why);
void connections_reap(void);
size_t heard_line(char *to, const struct connection *sender, const char *text, size_t length);

/* server.c */
_Noreturn void fail(const char *what);
void *must_have(void *memory);

/* What each server does of its own. */

/* A line from a connection that is in a room, without its end. */
void line_said(struct connection *sender, const char *text, size_t length);
/* A connection is about to enter or to leave a room. */
void room_changes(struct room *room);
/* All that one epoll_wait() told has been read. */
void round_ended(void);

#endif
