/* All simulated users, and one epoll for their connections. */
#ifndef CROWD_H
#define CROWD_H

#include "order.h"

/* What to connect to, and how many. */
struct plan {
    uint16_t port;
    bool irc, echoes, mixed, tls;
    uint32_t rooms;
    uint32_t at_once;    /* how many connect before they are waited for */
    uint32_t recipients; /* of each line; the sender is not counted */
    uint32_t line_size;  /* bytes as they are delivered, line end included */
};

struct crowd {
    struct user *all;
    struct room *rooms;
    uint32_t users, how_many_rooms;
    double connecting; /* seconds until all users are in their rooms */
};

/* Connect all users, and wait until each of them hears what is said in their room. */
void crowd_enter(struct crowd *crowd, const struct plan *plan);

/* How often something was waited for. */
extern uint64_t crowd_wakeups;

/* Wake up for this descriptor, too: a timer, which belongs to no user. */
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
