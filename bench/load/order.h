/*
 * What is said, and the check that it arrived.
 *
 * A text is "~RRRSSNNNNNNNN": the room, the sender within it and the number of the line, and then
 * dots.  Servers surround it; what is behind it (the end of the line, of JSON) is of a size that is
 * known.  The last lines of each sender are kept as recipients of plain text get them.  What a
 * recipient got is compared with the line that must come next from that sender: a line that is
 * lost, doubled, out of order, cut or changed is a difference.  Lines that were written at once
 * mostly come at once, and are compared at once: that makes a delivery cost much less than it costs
 * any server.
 */
#ifndef ORDER_H
#define ORDER_H

#include "wire.h"

enum {
    TEXT_LEAST = 14, /* bytes of a text without dots */
    ROOMS_MOST = 1000,
    RING = 256       /* how many lines of a sender are kept */
};

/* A user who talks. */
struct speaker {
    struct user *user;
    uint32_t said;           /* how many lines */
    uint32_t heard;          /* how many of them all recipients have read */
    uint32_t missing[RING];  /* how many recipients have not read a line */
    uint32_t together[RING]; /* how many of the ring were written at once, from this one on */
    int64_t since[RING];     /* from when its latency is counted */
    char *lines;             /* as recipients of plain text get them */
    char *prefix, *suffix;   /* what surrounds a text there */
};

struct room {
    uint32_t number;
    uint32_t senders;
    uint32_t hearers;   /* of every line */
    uint32_t line_size, prefix_size, text_size;
    struct speaker speakers[SENDERS];
};

/* Prepare the lines of a room, when it is known what surrounds a text. */
void order_prepare(struct room *room);

/* Say so many lines at once; their latency is counted from then. */
void order_say(struct speaker *speaker, uint32_t lines, int64_t since);

/* How many lines have been said that a recipient has not read, in all rooms. */
extern uint32_t order_open;

/* How many lines have been said. */
extern uint64_t order_said;

/* Check all complete lines of what was read at that time; returns where the last one ends. */
char *order_check(struct user *user, char *begin, char *end, int64_t at);

#endif
