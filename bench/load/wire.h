/*
 * One connection, with or without TLS.
 *
 * Everything is read into one buffer that all share; what is left of it, the beginning of a
 * line that is not complete, is kept for that connection until more comes.
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

/* What is needed for every delivery: one line of the cache. */
struct participant {
    int fd;
    uint32_t number;        /* over all rooms */
    uint16_t kept;          /* bytes of the line that is not complete */
    uint16_t whole;         /* bytes of every line he gets; 0 where they differ */
    uint8_t deaf_to;        /* the sender whose lines he must not hear: himself */
    uint8_t suffix;         /* bytes behind the text, line end included */
    struct room *room;
    uint32_t next[SENDERS]; /* the number of the next line of each sender */
};

/* Make room for so many connections to a port of 127.0.0.1. */
void wire_prepare(uint32_t connections, uint16_t port, bool tls);

/* Connect, and shake hands. */
void wire_connect(struct participant *who);

/* Send all of it at once, or die: nothing that is said here fills the kernel's buffers. */
void wire_send(struct participant *who, const char *data, size_t size);

/*
 * Read once what there is: [begin, end), the kept part first.  It is valid until the next read.
 * False where the other side has closed the connection.
 */
bool wire_read(struct participant *who, char **begin, char **end);

/* Keep the rest of what was read; false where it is too long, and only its end is kept. */
bool wire_keep(struct participant *who, const char *rest, const char *end);

/* Hang up without TIME_WAIT. */
void wire_close(struct participant *who);

#endif
