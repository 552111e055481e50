/* Everybody who is connected, and one epoll for all: see crowd.h. */
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

/* Who has something to read; the rest of the array is not touched. */
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
        struct participant *who = events[i].data.ptr;

        if (who == NULL)
            continue;
        if (!wire_read(who, &begin, &end))
            die("participant %u: the server has closed the connection", who->number);
        begin = order_check(who, begin, end, now());
        if (!wire_keep(who, begin, end))
            die("participant %u got a line without end: %s", who->number,
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
        struct participant *who = events[i].data.ptr;

        if (!wire_read(who, &begin, &end))
            die("participant %u: the server has closed the connection; its last words: %s",
                who->number, welcome_last_words(who));
        begin = welcome_read(who, begin, end);
        wire_keep(who, begin, end);
    }
    return ready > 0;
}

static void make_rooms(struct crowd *crowd, const struct plan *plan)
{
    uint32_t size = plan->readers + 1;

    crowd->how_many_rooms = plan->rooms;
    crowd->participants = plan->rooms * size;
    crowd->rooms = claim(plan->rooms, sizeof *crowd->rooms);
    crowd->everybody = claim(crowd->participants, sizeof *crowd->everybody);
    for (uint32_t i = 0; i < crowd->participants; i++) {
        struct participant *who = &crowd->everybody[i];
        struct room *room = &crowd->rooms[i / size];
        uint32_t place = i % size;

        *who = (struct participant){.number = i, .room = room, .deaf_to = NOBODY};
        room->number = i / size;
        room->senders = size < SENDERS ? size : SENDERS;
        room->hearers = plan->readers + plan->echoes;
        if (place >= room->senders)
            continue;
        room->speakers[place].who = who;
        if (!plan->echoes)
            who->deaf_to = (uint8_t)place;
    }
}

/* Connect a few at a time, fewer than the backlog, and wait until each of them is greeted. */
static void connect_all(struct crowd *crowd, uint32_t at_once)
{
    enum { GREETED_WITHIN = 10 };
    uint32_t connected = 0;

    while (connected < crowd->participants) {
        for (uint32_t i = 0; i < at_once && connected < crowd->participants; i++) {
            struct participant *who = &crowd->everybody[connected++];

            wire_connect(who);
            register_fd(who->fd, who);
            welcome_begin(who);
        }
        int64_t begin = now();
        while (welcome_greeted() < connected) {
            listen_to_greetings(1000);
            if (now() - begin > GREETED_WITHIN * INT64_C(1000000000))
                die("only %u of %u have been greeted within %d s; last words to one: %s",
                    welcome_greeted(), connected, GREETED_WITHIN,
                    welcome_last_words(&crowd->everybody[connected - 1]));
        }
    }
}

void crowd_enter(struct crowd *crowd, const struct plan *plan)
{
    enum { QUIET = 200, FIRST_PAUSE = 50, LONGEST_PAUSE = 800 };
    int64_t begin = now();

    make_rooms(crowd, plan);
    wire_prepare(crowd->participants, plan->port, plan->tls);
    welcome_prepare(crowd, plan);
    connect_all(crowd, plan->at_once);

    /* One may be in before another: what is said is said again until everybody hears it. */
    for (int pause = FIRST_PAUSE; !welcome_everybody_in(); pause *= pause < LONGEST_PAUSE ? 2 : 1) {
        int64_t until = now() + pause * INT64_C(1000000);

        welcome_probe();
        while (!welcome_everybody_in() && now() < until)
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
    for (uint32_t i = 0; i < crowd->participants; i++)
        wire_close(&crowd->everybody[i]);
    close(epoll);
}
