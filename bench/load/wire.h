/*
 * One connection, with or without TLS.
 *
 * All connections read into one shared buffer. The beginning of a line that is not complete yet is
 * kept for its connection until more comes.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SENDERS = 10,    /* how many of a room may talk at most */
    NOBODY = 255,    /* instead of the number of a sender */
    LINE_MOST = 1024 /* bytes kept of a line that is not complete */
};

struct room;

/* A simulated user: all that a delivery needs, in one line of the cache. */
struct user {
    int fd;
    uint32_t number;        /* over all rooms */
    uint16_t kept;          /* bytes of the line that is not complete */
    uint16_t whole;         /* bytes of every line received; 0 where they differ */
    uint8_t deaf_to;        /* their own number as a sender, whose lines must not come back */
    uint8_t suffix;         /* bytes behind the text, line end included */
    struct room *room;
    uint32_t next[SENDERS]; /* the number of the next line of each sender */
};

/* Make room for so many connections to a port of 127.0.0.1. */
void wire_prepare(uint32_t connections, uint16_t port, bool tls);

/* Connect, and shake hands. */
void wire_connect(struct user *user);

/* Send all of it at once, or die: nothing that is said here fills the kernel's buffers. */
void wire_send(struct user *user, const char *data, size_t size);

/*
 * Read once what there is: [begin, end), the kept part first.  It is valid until the next read.
 * False where the other side has closed the connection.
 */
bool wire_read(struct user *user, char **begin, char **end);

/* Keep the rest of what was read; false where it is too long, and only its end is kept. */
bool wire_keep(struct user *user, const char *rest, const char *end);

/* Hang up without TIME_WAIT. */
void wire_close(struct user *user);

#endif
