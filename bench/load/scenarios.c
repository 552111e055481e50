/* The ways to talk that are measured: see scenarios.h. */
#include "scenarios.h"

#include "measure.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>

enum {
    ON_THE_WAY = 4, /* lines of a flooding sender that the slowest recipient has not read */
    BLOCKS = 4      /* in so many parts they are written */
};

static const double WARM_UP = 0.3;
static const int64_t SECOND = INT64_C(1000000000), LATE = INT64_C(50000000);

static uint64_t late;

static int64_t after(double seconds)
{
    return now() + (int64_t)(seconds * 1e9);
}

/* Wait until all recipients have read everything. */
static void drain(void)
{
    while (order_open > 0)
        crowd_hear(PATIENCE);
}

/* In every room one line, and the next ones when all recipients have read these. */
static void one(struct crowd *crowd, const struct scenario *scenario, double seconds)
{
    int64_t end = after(seconds);

    (void)scenario;
    do {
        for (uint32_t room = 0; room < crowd->how_many_rooms; room++)
            order_say(&crowd->rooms[room].speakers[0], 1, now());
        drain();
    } while (now() < end);
}

/* Ten senders of the only room, or one of each, that wait only for the slowest recipient. */
static void flood(struct crowd *crowd, const struct scenario *scenario, double seconds)
{
    uint32_t senders = crowd->how_many_rooms > 1 ? 1 : crowd->rooms[0].senders;
    uint32_t block = scenario->window < BLOCKS ? 1 : scenario->window / BLOCKS;
    int64_t end = after(seconds);

    do {
        for (uint32_t room = 0; room < crowd->how_many_rooms; room++)
            for (uint32_t sender = 0; sender < senders; sender++) {
                struct speaker *speaker = &crowd->rooms[room].speakers[sender];
                while (speaker->said - speaker->heard + block <= scenario->window)
                    order_say(speaker, block, now());
            }
        crowd_hear(PATIENCE);
    } while (now() < end);
    drain();
}

/* The sender of a line: one room after another, and one sender after another in each. */
static struct speaker *next_speaker(struct crowd *crowd, uint64_t line)
{
    struct room *room = &crowd->rooms[line % crowd->how_many_rooms];
    return &room->speakers[line / crowd->how_many_rooms % room->senders];
}

/* Ring at a moment, and at no other; never for 0. */
static void set_alarm(int alarm, int64_t moment)
{
    struct itimerspec at = {.it_value = {.tv_sec = moment / SECOND, .tv_nsec = moment % SECOND}};

    if (timerfd_settime(alarm, TFD_TIMER_ABSTIME, &at, NULL) < 0)
        die_errno("timerfd_settime");
}

/* Evenly spaced lines, whether or not the earlier ones have been heard. */
static void rate(struct crowd *crowd, const struct scenario *scenario, double seconds)
{
    static int alarm = -1;
    int64_t begin = now(), end = begin + (int64_t)(seconds * 1e9), due = begin;
    uint64_t line = 0;

    if (alarm < 0) {
        alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (alarm < 0)
            die_errno("timerfd_create");
        crowd_watch(alarm);
    }
    for (int64_t moment; (moment = now()) < end;) {
        if (due > moment) {
            set_alarm(alarm, due < end ? due : end);
            crowd_hear(-1);
            continue;
        }
        late += moment - due > LATE;
        /* Late or not: a recipient has waited for the line since it was due. */
        order_say(next_speaker(crowd, line), 1, due);
        line++;
        due = begin + (int64_t)((double)line * 1e9 / scenario->rate);
    }
    set_alarm(alarm, 0);
    drain();
}

/* No user says anything. */
static void idle(struct crowd *crowd, const struct scenario *scenario, double seconds)
{
    enum { GLANCE = 1000 };
    int64_t end = after(seconds), left;

    (void)crowd;
    (void)scenario;
    while ((left = (end - now()) / 1000000) > 0)
        crowd_hear(left < GLANCE ? (int)left : GLANCE);
}

struct scenario scenario_parse(const char *text)
{
    static const struct {
        const char *name;
        void (*talk)(struct crowd *, const struct scenario *, double);
    } known[] = {{"one", one}, {"flood", flood}, {"rate", rate}, {"idle", idle}};
    size_t size = strcspn(text, ":");

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct scenario scenario = {.text = text, .talk = known[i].talk, .window = ON_THE_WAY};
        int used = 0, more = 0;

        if (strlen(known[i].name) != size || memcmp(text, known[i].name, size) != 0)
            continue;
        if (scenario.talk == rate)
            sscanf(text + size, ":%lf:%lf%n", &scenario.seconds, &scenario.rate, &used);
        else
            sscanf(text + size, ":%lf%n", &scenario.seconds, &used);
        if (scenario.talk == flood && used > 0 &&
            sscanf(text + size + used, ":%" SCNu32 "%n", &scenario.window, &more) == 1)
            used += more;
        if (used > 0 && text[size + (size_t)used] == '\0' && scenario.seconds > 0 &&
            scenario.seconds < 1e5 && (scenario.talk != rate || scenario.rate > 0) &&
            scenario.window > 0 && scenario.window < RING)
            return scenario;
    }
    die("%s is none of one:SECONDS, flood:SECONDS[:WINDOW], rate:SECONDS:LINES_PER_SECOND, idle:SECONDS",
        text);
}

static char *latency_json(void)
{
    struct latency latency;
    char *json;

    if (!latency_get(&latency))
        return "null";
    if (asprintf(&json, "{\"p50\": %.6f, \"p99\": %.6f, \"p999\": %.6f, \"max\": %.6f}",
                 latency.p50, latency.p99, latency.p999, latency.max) < 0)
        die("out of memory");
    return json;
}

char *scenario_run(struct crowd *crowd, const struct scenario *scenario)
{
    char *json;

    scenario->talk(crowd, scenario, WARM_UP * scenario->seconds);
    latency_begin();
    late = 0;
    uint64_t said = order_said, wakeups = crowd_wakeups;
    struct usage used = usage_now();
    scenario->talk(crowd, scenario, scenario->seconds);
    used = usage_since(used);
    said = order_said - said;
    wakeups = crowd_wakeups - wakeups;
    if (asprintf(&json,
                 "{\"scenario\": \"%.*s\", \"seconds\": %g, \"lines\": %" PRIu64
                 ", \"deliveries\": %" PRIu64 ", \"wall\": %.9f, \"server_cpu\": %.9f"
                 ", \"load_cpu\": %.9f, \"server_waited\": %.9f, \"load_waited\": %.9f"
                 ", \"server_rss\": %" PRId64 ", \"wakeups\": %" PRIu64 ", \"late\": %" PRIu64
                 ", \"latency\": %s}",
                 (int)strcspn(scenario->text, ":"), scenario->text, scenario->seconds, said,
                 said * crowd->rooms[0].hearers, (double)used.wall / 1e9,
                 (double)used.server_cpu / 1e9, (double)used.load_cpu / 1e9,
                 (double)used.server_waited / 1e9, (double)used.load_waited / 1e9, server_rss(),
                 wakeups, late, latency_json()) < 0)
        die("out of memory");
    return json;
}
