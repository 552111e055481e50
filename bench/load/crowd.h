/* Everybody who is connected, and one epoll for all. */
#ifndef CROWD_H
#define CROWD_H

#include "order.h"

/* What to connect to, and how many. */
struct plan {
    uint16_t port;
    bool irc, echoes, mixed, tls;
    uint32_t rooms;
    uint32_t at_once;   /* how many connect before they are waited for */
    uint32_t readers;   /* of each line, but for its author */
    uint32_t line_size; /* bytes as they are delivered, line end included */
};

struct crowd {
    struct participant *everybody;
    struct room *rooms;
    uint32_t participants, how_many_rooms;
    double connecting; /* seconds until everybody is in his room */
};

/* Let everybody in, and wait until everybody hears what is said in his room. */
void crowd_enter(struct crowd *crowd, const struct plan *plan);

/* How often something was waited for. */
extern uint64_t crowd_wakeups;

/* Wake up at a moment at the latest: a descriptor to wait for that has no participant. */
void crowd_watch(int fd);

enum { PATIENCE = 15000 /* milliseconds in which something must come */ };

/*
 * Wait so many milliseconds for something, and check what has come.  False for nothing in time;
 * PATIENCE dies then.
 */
bool crowd_hear(int milliseconds);

/* Hang up. */
void crowd_leave(struct crowd *crowd);

#endif
