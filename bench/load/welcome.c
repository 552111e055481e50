/* The time before everything is checked: see welcome.h. */
#include "welcome.h"

#include "dialect.h"
#include "measure.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MOST = 160, DIGITS = TEXT_LEAST - 1, PROBES_MOST = 1000 };

/* What is known of one only until everything is checked. */
struct guest {
    enum format format;
    bool greeted;
    uint16_t heard;   /* the senders he has heard a probe of, one bit each */
    uint16_t missing; /* those he must hear before it goes on */
    uint16_t prefix;  /* bytes before a text */
    uint16_t last_size;
    char last[WORDS_MOST];
};

static struct crowd *crowd;
static struct plan plan;
static struct guest *guests;
static uint32_t greeted, waiting;
static uint32_t first_probe, next_probe;
static bool last_round;
static int64_t last_news;

void welcome_prepare(struct crowd *the_crowd, const struct plan *the_plan)
{
    crowd = the_crowd;
    plan = *the_plan;
    dialect_choose(plan.irc, plan.rooms, crowd->participants);
    guests = claim(crowd->participants, sizeof *guests);
    for (uint32_t i = 0; i < crowd->participants; i++)
        if (plan.mixed && i % (plan.readers + 1) >= SENDERS)
            guests[i].format = i % 3 == 1 ? CHINESE : i % 3 == 2 ? JSON : PLAIN;
    /* What somebody said in an earlier run, and the server remembers, must not be taken for it. */
    first_probe = next_probe = (uint32_t)(now() / 1000 % 90000) * PROBES_MOST;
    last_news = now();
}

void welcome_begin(struct participant *who)
{
    char command[COMMAND_MOST];
    wire_send(who, command, dialect_enter(command, who, guests[who->number].format));
}

uint32_t welcome_greeted(void)
{
    return greeted;
}

/* Where a probe is in a line, or NULL. */
static const char *probe_in(const char *line, const char *end)
{
    while ((line = memchr(line, '?', (size_t)(end - line))) != NULL && end - line >= TEXT_LEAST) {
        if (strspn(line + 1, "0123456789") >= DIGITS)
            return line;
        line++;
    }
    return NULL;
}

static char *copy(const char *from, size_t size)
{
    return size > 0 ? memcpy(claim(size, 1), from, size) : claim(1, 1);
}

/* Note what surrounds a text: of one size for every sender, but for JSON, that numbers its lines. */
static void surrounded(struct participant *who, struct speaker *speaker, const char *line,
                       const char *text, const char *end)
{
    struct guest *guest = &guests[who->number];
    size_t prefix = (size_t)(text - line), suffix = (size_t)(end - text) - TEXT_LEAST;

    if (guest->heard && (suffix != who->suffix ||
                         (prefix != guest->prefix && guest->format != JSON)))
        die("participant %u gets lines of different senders with different surroundings: %s",
            who->number, printable(line, (size_t)(end - line)));
    guest->prefix = (uint16_t)prefix;
    who->suffix = (uint8_t)suffix;
    if (guest->format == PLAIN && speaker->prefix == NULL) {
        speaker->prefix = copy(line, prefix);
        speaker->suffix = copy(end - suffix, suffix);
    }
}

/* True where the line is a probe. */
static bool probe_heard(struct participant *who, const char *line, const char *end)
{
    struct guest *guest = &guests[who->number];
    const char *text = probe_in(line, end);
    unsigned room, sender, number;

    if (text == NULL || sscanf(text + 1, "%3u%2u%8u", &room, &sender, &number) != 3)
        return false;
    if (number < first_probe || number >= next_probe)
        return false;
    if (room != who->room->number || sender >= who->room->senders)
        die("participant %u hears what is said in room %u", who->number, room);
    if (last_round && number != next_probe - 1)
        return true;
    if (last_round && sender == who->deaf_to)
        die("participant %u hears himself: --echoes is missing", who->number);
    if (last_round)
        surrounded(who, &who->room->speakers[sender], line, text, end);
    guest->heard |= (uint16_t)(1u << sender);
    if (guest->missing & 1u << sender) {
        guest->missing &= (uint16_t)~(1u << sender);
        waiting -= guest->missing == 0;
        last_news = now();
    }
    return true;
}

char *welcome_read(struct participant *who, char *begin, char *end)
{
    struct guest *guest = &guests[who->number];
    char *feed, *last = NULL;

    while ((feed = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        last = begin;
        if (!probe_heard(who, begin, feed + 1))
            last_news = now();
        if (!guest->greeted && dialect_welcomed(who, begin, (size_t)(feed - begin))) {
            guest->greeted = true;
            greeted++;
        }
        begin = feed + 1;
    }
    /* A greeting may ask something, and wait for the answer on its own line. */
    if (!plan.irc && !guest->greeted && end > begin) {
        guest->greeted = true;
        greeted++;
    }
    if (last != NULL) {
        size_t size = (size_t)(begin - last);
        guest->last_size = (uint16_t)(size < WORDS_MOST ? size : WORDS_MOST);
        memcpy(guest->last, last, guest->last_size);
    }
    return begin;
}

static void say_probe(struct speaker *speaker, uint32_t sender)
{
    char command[COMMAND_MOST], *at = command;

    at += dialect_say(at, speaker->who);
    at += sprintf(at, "?%03u%02u%08u\r\n", speaker->who->room->number, sender, next_probe);
    wire_send(speaker->who, command, (size_t)(at - command));
}

/* Let the first so many senders of every room say a probe. */
static void probe(uint32_t senders)
{
    for (uint32_t number = 0; number < crowd->how_many_rooms; number++) {
        struct room *room = &crowd->rooms[number];
        for (uint32_t sender = 0; sender < senders && sender < room->senders; sender++)
            say_probe(&room->speakers[sender], sender);
    }
    if (++next_probe == first_probe + PROBES_MOST)
        die("nobody hears what is said");
}

/* From now on everybody must hear one of these senders; not himself, unless he hears himself. */
static void expect(uint32_t senders, bool all)
{
    waiting = crowd->participants;
    for (uint32_t i = 0; i < crowd->participants; i++) {
        struct participant *who = &crowd->everybody[i];
        uint32_t count = senders < who->room->senders ? senders : who->room->senders;
        uint32_t mask = (1u << count) - 1;

        if (all && who->deaf_to != NOBODY)
            mask &= ~(1u << who->deaf_to);
        if (!all)
            /* The first hears the second, and everybody else the first. */
            mask = who == who->room->speakers[0].who ? 2 : 1;
        guests[i].heard = 0;
        guests[i].missing = (uint16_t)mask;
    }
}

void welcome_probe(void)
{
    if (next_probe == first_probe)
        expect(2, false);
    probe(2);
}

bool welcome_everybody_in(void)
{
    return waiting == 0 && next_probe > first_probe;
}

void welcome_last_probe(void)
{
    last_round = true;
    expect(SENDERS, true);
    probe(SENDERS);
}

bool welcome_complete(void)
{
    return waiting == 0;
}

void welcome_check_patience(void)
{
    if (now() - last_news < PATIENCE * INT64_C(1000000))
        return;
    for (uint32_t i = 0; i < crowd->participants; i++)
        if (guests[i].missing)
            die("%u have not heard what was said, the first is participant %u; his last words: %s",
                waiting, i, welcome_last_words(&crowd->everybody[i]));
}

void welcome_end(void)
{
    for (uint32_t i = 0; i < crowd->participants; i++) {
        struct participant *who = &crowd->everybody[i];
        struct room *room = who->room;
        uint32_t around = guests[i].prefix + (uint32_t)who->suffix;

        /* The first of a room is a sender, and gets plain lines: he decides. */
        if (room->line_size == 0) {
            if (around + TEXT_LEAST > plan.line_size)
                die("--line-size must be %u at least for this server", around + TEXT_LEAST);
            room->line_size = plan.line_size;
            room->prefix_size = guests[i].prefix;
            room->text_size = plan.line_size - around;
            order_prepare(room);
        }
        if (guests[i].format != JSON)
            who->whole = (uint16_t)(around + room->text_size);
        if (guests[i].format == PLAIN &&
            (who->whole != room->line_size || guests[i].prefix != room->prefix_size))
            die("participant %u gets lines of %u bytes, not of %u: %s", i, who->whole,
                plan.line_size, welcome_last_words(who));
    }
}

const char *welcome_last_words(const struct participant *who)
{
    const struct guest *guest = &guests[who->number];
    return guest->last_size ? printable(guest->last, guest->last_size) : "none";
}
