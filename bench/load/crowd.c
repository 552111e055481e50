/* All simulated users, and one epoll for their connections: see crowd.h. */
#include "crowd.h"

#include "measure.h"
#include "report.h"
#include "welcome.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 4096 };

uint64_t crowd_wakeups;
static int epoll = -1;
static struct epoll_event events[EVENTS];

static void register_fd(int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

    if (epoll < 0 && (epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("epoll_create1");
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die_errno("epoll_ctl");
}

void crowd_watch(int fd)
{
    register_fd(fd, NULL);
}

/* Fill the beginning of the array with the users that have something to read; return how many. */
static int wait_for(int milliseconds)
{
    int ready = epoll_wait(epoll, events, EVENTS, milliseconds);

    crowd_wakeups++;
    if (ready < 0 && errno != EINTR)
        die_errno("epoll_wait");
    return ready < 0 ? 0 : ready;
}

bool crowd_hear(int milliseconds)
{
    int ready = wait_for(milliseconds);
    char *begin, *end;

    if (ready == 0 && milliseconds == PATIENCE)
        die("nothing to read for %d s, but %u lines are on their way: lines are lost",
            PATIENCE / 1000, order_open);
    for (int i = 0; i < ready; i++) {
        struct user *user = events[i].data.ptr;

        if (user == NULL)
            continue;
        if (!wire_read(user, &begin, &end))
            die("user %u: the server has closed the connection", user->number);
        begin = order_check(user, begin, end, now());
        if (!wire_keep(user, begin, end))
            die("user %u got a line without end: %s", user->number,
                printable(begin, (size_t)(end - begin)));
    }
    return ready > 0;
}

/* The same before everything is checked. */
static bool listen_to_greetings(int milliseconds)
{
    int ready = wait_for(milliseconds);
    char *begin, *end;

    for (int i = 0; i < ready; i++) {
        struct user *user = events[i].data.ptr;

        if (!wire_read(user, &begin, &end))
            die("user %u: the server has closed the connection; its last words: %s",
                user->number, welcome_last_words(user));
        begin = welcome_read(user, begin, end);
        wire_keep(user, begin, end);
    }
    return ready > 0;
}

static void make_rooms(struct crowd *crowd, const struct plan *plan)
{
    uint32_t size = plan->recipients + 1;

    crowd->how_many_rooms = plan->rooms;
    crowd->users = plan->rooms * size;
    crowd->rooms = claim(plan->rooms, sizeof *crowd->rooms);
    crowd->all = claim(crowd->users, sizeof *crowd->all);
    for (uint32_t i = 0; i < crowd->users; i++) {
        struct user *user = &crowd->all[i];
        struct room *room = &crowd->rooms[i / size];
        uint32_t place = i % size;

        *user = (struct user){.number = i, .room = room, .deaf_to = NOBODY};
        room->number = i / size;
        room->senders = size < SENDERS ? size : SENDERS;
        room->hearers = plan->recipients + plan->echoes;
        if (place >= room->senders)
            continue;
        room->speakers[place].user = user;
        if (!plan->echoes)
            user->deaf_to = (uint8_t)place;
    }
}

/* Connect a few at a time, fewer than the backlog, and wait until each of them is greeted. */
static void connect_all(struct crowd *crowd, uint32_t at_once)
{
    enum { GREETED_WITHIN = 10 };
    uint32_t connected = 0;

    while (connected < crowd->users) {
        for (uint32_t i = 0; i < at_once && connected < crowd->users; i++) {
            struct user *user = &crowd->all[connected++];

            wire_connect(user);
            register_fd(user->fd, user);
            welcome_begin(user);
        }
        int64_t begin = now();
        while (welcome_greeted() < connected) {
            listen_to_greetings(1000);
            if (now() - begin > GREETED_WITHIN * INT64_C(1000000000))
                die("only %u of %u have been greeted within %d s; last words to one: %s",
                    welcome_greeted(), connected, GREETED_WITHIN,
                    welcome_last_words(&crowd->all[connected - 1]));
        }
    }
}

void crowd_enter(struct crowd *crowd, const struct plan *plan)
{
    enum { QUIET = 200, FIRST_PAUSE = 50, LONGEST_PAUSE = 800 };
    int64_t begin = now();

    make_rooms(crowd, plan);
    wire_prepare(crowd->users, plan->port, plan->tls);
    welcome_prepare(crowd, plan);
    connect_all(crowd, plan->at_once);

    /* Users are not in at the same moment, so probes are repeated until all have heard one. */
    for (int pause = FIRST_PAUSE; !welcome_all_in(); pause *= pause < LONGEST_PAUSE ? 2 : 1) {
        int64_t until = now() + pause * INT64_C(1000000);

        welcome_probe();
        while (!welcome_all_in() && now() < until)
            listen_to_greetings(pause);
        welcome_check_patience();
    }
    crowd->connecting = (double)(now() - begin) / 1e9;

    while (listen_to_greetings(QUIET))
        ;
    welcome_last_probe();
    while (!welcome_complete()) {
        listen_to_greetings(1000);
        welcome_check_patience();
    }
    welcome_end();
}

void crowd_leave(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->users; i++)
        wire_close(&crowd->all[i]);
    close(epoll);
}
