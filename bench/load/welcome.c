/* The time before everything is checked: see welcome.h. */
#include "welcome.h"

#include "dialect.h"
#include "measure.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MOST = 160, DIGITS = TEXT_LEAST - 1, PROBES_MOST = 1000 };

/* What is known of a user only until everything is checked. */
struct guest {
    enum format format;
    bool greeted;
    uint16_t heard;   /* the senders of whom a probe has been heard, one bit each */
    uint16_t missing; /* those that must be heard before it goes on */
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
    dialect_choose(plan.irc, plan.rooms, crowd->users);
    guests = claim(crowd->users, sizeof *guests);
    for (uint32_t i = 0; i < crowd->users; i++)
        if (plan.mixed && i % (plan.recipients + 1) >= SENDERS)
            guests[i].format = i % 3 == 1 ? CHINESE : i % 3 == 2 ? JSON : PLAIN;
    /* Lines of an earlier run that the server remembers must not be taken for probes. */
    first_probe = next_probe = (uint32_t)(now() / 1000 % 90000) * PROBES_MOST;
    last_news = now();
}

void welcome_begin(struct user *user)
{
    char command[COMMAND_MOST];
    wire_send(user, command, dialect_enter(command, user, guests[user->number].format));
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

/* Note what surrounds a text: of one size for every sender, except in JSON, which has numbers. */
static void surrounded(struct user *user, struct speaker *speaker, const char *line,
                       const char *text, const char *end)
{
    struct guest *guest = &guests[user->number];
    size_t prefix = (size_t)(text - line), suffix = (size_t)(end - text) - TEXT_LEAST;

    if (guest->heard && (suffix != user->suffix ||
                         (prefix != guest->prefix && guest->format != JSON)))
        die("user %u gets lines of different senders with different surroundings: %s",
            user->number, printable(line, (size_t)(end - line)));
    guest->prefix = (uint16_t)prefix;
    user->suffix = (uint8_t)suffix;
    if (guest->format == PLAIN && speaker->prefix == NULL) {
        speaker->prefix = copy(line, prefix);
        speaker->suffix = copy(end - suffix, suffix);
    }
}

/* True where the line is a probe. */
static bool probe_heard(struct user *user, const char *line, const char *end)
{
    struct guest *guest = &guests[user->number];
    const char *text = probe_in(line, end);
    unsigned room, sender, number;

    if (text == NULL || sscanf(text + 1, "%3u%2u%8u", &room, &sender, &number) != 3)
        return false;
    if (number < first_probe || number >= next_probe)
        return false;
    if (room != user->room->number || sender >= user->room->senders)
        die("user %u hears what is said in room %u", user->number, room);
    if (last_round && number != next_probe - 1)
        return true;
    if (last_round && sender == user->deaf_to)
        die("user %u hears their own line: --echoes is missing", user->number);
    if (last_round)
        surrounded(user, &user->room->speakers[sender], line, text, end);
    guest->heard |= (uint16_t)(1u << sender);
    if (guest->missing & 1u << sender) {
        guest->missing &= (uint16_t)~(1u << sender);
        waiting -= guest->missing == 0;
        last_news = now();
    }
    return true;
}

char *welcome_read(struct user *user, char *begin, char *end)
{
    struct guest *guest = &guests[user->number];
    char *feed, *last = NULL;

    while ((feed = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        last = begin;
        if (!probe_heard(user, begin, feed + 1))
            last_news = now();
        if (!guest->greeted && dialect_welcomed(user, begin, (size_t)(feed - begin))) {
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

    at += dialect_say(at, speaker->user);
    at += sprintf(at, "?%03u%02u%08u\r\n", speaker->user->room->number, sender, next_probe);
    wire_send(speaker->user, command, (size_t)(at - command));
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
        die("no user hears what is said");
}

/* From now on all users must hear one of these senders, or all of them but themselves. */
static void expect(uint32_t senders, bool all)
{
    waiting = crowd->users;
    for (uint32_t i = 0; i < crowd->users; i++) {
        struct user *user = &crowd->all[i];
        uint32_t count = senders < user->room->senders ? senders : user->room->senders;
        uint32_t mask = (1u << count) - 1;

        if (all && user->deaf_to != NOBODY)
            mask &= ~(1u << user->deaf_to);
        if (!all)
            /* The first user hears the second, and all others the first. */
            mask = user == user->room->speakers[0].user ? 2 : 1;
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

bool welcome_all_in(void)
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
    for (uint32_t i = 0; i < crowd->users; i++)
        if (guests[i].missing)
            die("%u have not heard what was said, the first is user %u; the last words to them: %s",
                waiting, i, welcome_last_words(&crowd->all[i]));
}

void welcome_end(void)
{
    for (uint32_t i = 0; i < crowd->users; i++) {
        struct user *user = &crowd->all[i];
        struct room *room = user->room;
        uint32_t around = guests[i].prefix + (uint32_t)user->suffix;

        /* The first user of a room is a sender, and gets plain lines: theirs decide the size. */
        if (room->line_size == 0) {
            if (around + TEXT_LEAST > plan.line_size)
                die("--line-size must be %u at least for this server", around + TEXT_LEAST);
            room->line_size = plan.line_size;
            room->prefix_size = guests[i].prefix;
            room->text_size = plan.line_size - around;
            order_prepare(room);
        }
        if (guests[i].format != JSON)
            user->whole = (uint16_t)(around + room->text_size);
        if (guests[i].format == PLAIN &&
            (user->whole != room->line_size || guests[i].prefix != room->prefix_size))
            die("user %u gets lines of %u bytes, not of %u: %s", i, user->whole,
                plan.line_size, welcome_last_words(user));
    }
}

const char *welcome_last_words(const struct user *user)
{
    const struct guest *guest = &guests[user->number];
    return guest->last_size ? printable(guest->last, guest->last_size) : "none";
}
