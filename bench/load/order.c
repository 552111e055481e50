/* What is said, and the check that it arrived: see order.h. */
#include "order.h"

#include "dialect.h"
#include "measure.h"
#include "report.h"

#include <string.h>

enum {
    ROOM_AT = 1,
    SENDER_AT = 4,
    NUMBER_AT = 6,
    DIGITS = TEXT_LEAST - NUMBER_AT,
    BLOCK_MOST = 16,
    TEXT_MOST = 512 /* more than any --line-size */
};

uint32_t order_open;
uint64_t order_said;

static char *line_of(const struct room *room, const struct speaker *speaker, uint32_t number)
{
    return speaker->lines + number % RING * room->line_size;
}

static char *text_of(const struct room *room, const struct speaker *speaker, uint32_t number)
{
    return line_of(room, speaker, number) + room->prefix_size;
}

static void write_number(char *at, int digits, uint32_t number)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + number % 10);
        number /= 10;
    }
}

void order_prepare(struct room *room)
{
    for (uint32_t sender = 0; sender < room->senders; sender++) {
        struct speaker *speaker = &room->speakers[sender];

        speaker->lines = claim(RING, room->line_size);
        memset(speaker->lines, '.', RING * room->line_size);
        for (uint32_t number = 0; number < RING; number++) {
            char *line = line_of(room, speaker, number), *text = line + room->prefix_size;
            size_t before = room->prefix_size + room->text_size;

            memcpy(line, speaker->prefix, room->prefix_size);
            text[0] = '~';
            write_number(text + ROOM_AT, SENDER_AT - ROOM_AT, room->number);
            write_number(text + SENDER_AT, NUMBER_AT - SENDER_AT, sender);
            memcpy(line + before, speaker->suffix, room->line_size - before);
        }
    }
}

void order_say(struct speaker *speaker, uint32_t lines, int64_t since)
{
    static char block[BLOCK_MOST * (COMMAND_MOST + TEXT_MOST + 2)];
    struct room *room = speaker->user->room;
    char *at = block;

    if (speaker->said - speaker->heard + lines > RING)
        die("user %u has %u lines on their way: the server cannot keep up",
            speaker->user->number, speaker->said - speaker->heard);
    for (uint32_t i = 0; i < lines; i++) {
        uint32_t number = speaker->said++, slot = number % RING;
        char *text = text_of(room, speaker, number);

        write_number(text + NUMBER_AT, DIGITS, number);
        speaker->missing[slot] = room->hearers;
        speaker->since[slot] = since;
        speaker->together[slot] = lines - i < RING - slot ? lines - i : RING - slot;
        at += dialect_say(at, speaker->user);
        memcpy(at, text, room->text_size);
        at += room->text_size;
        memcpy(at, "\r\n", 2);
        at += 2;
    }
    order_open += lines;
    order_said += lines;
    wire_send(speaker->user, block, (size_t)(at - block));
}

/* The number in so many digits, or -1. */
static long number_in(const char *at, size_t digits)
{
    long number = 0;
    for (size_t i = 0; i < digits; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        number = number * 10 + at[i] - '0';
    }
    return number;
}

/* Say what is wrong with a line that is not the one that must come. */
static _Noreturn void refuse(const struct user *user, const char *line, size_t length)
{
    const char *text = line, *end = line + length;
    const char *shown = printable(line, length);

    /* There may be the mark of a user name without ident before that of the text. */
    while ((text = memchr(text, '~', (size_t)(end - text))) != NULL &&
           (end - text < TEXT_LEAST || number_in(text + 1, TEXT_LEAST - 1) < 0))
        text++;
    if (text == NULL)
        die("user %u got a line that no user said: %s", user->number, shown);
    long room = number_in(text + ROOM_AT, 3), sender = number_in(text + SENDER_AT, 2);
    long number = number_in(text + NUMBER_AT, DIGITS);
    if (room != user->room->number || sender >= user->room->senders)
        die("user %u of room %u got a line of another room: %s", user->number,
            user->room->number, shown);
    if (sender == user->deaf_to)
        die("user %u hears their own line: %s", user->number, shown);
    uint32_t next = user->next[sender];
    const char *reason = number == next                                  ? "damaged"
                         : number < next                                 ? "doubled or out of order"
                         : number < user->room->speakers[sender].said     ? "too early: lost or out of order"
                                                                         : "never said";
    die("user %u: line %ld of sender %ld came instead of %u (%s): %s", user->number, number,
        sender, next, reason, shown);
}

/* The sender of the line with this text, or NULL where no line of theirs is on its way. */
static struct speaker *speaker_of(const struct user *user, const char *text)
{
    struct room *room = user->room;
    uint32_t sender = (uint32_t)(text[SENDER_AT] - '0') * 10 + (uint32_t)(text[SENDER_AT + 1] - '0');

    if (sender >= room->senders || sender == user->deaf_to)
        return NULL;
    struct speaker *speaker = &room->speakers[sender];
    return user->next[sender] < speaker->said ? speaker : NULL;
}

/* Note that the next lines of this sender have been read. */
static void heard(struct user *user, struct speaker *speaker, uint32_t lines, int64_t at)
{
    uint32_t *next = &user->next[speaker - user->room->speakers], slot = *next % RING;

    *next += lines;
    latency_add(at - speaker->since[slot], lines);
    for (uint32_t i = 0; i < lines; i++)
        speaker->missing[slot + i]--;
    /* All recipients read them in order, so lines are complete in the order they were said. */
    while (speaker->heard < speaker->said && speaker->missing[speaker->heard % RING] == 0) {
        speaker->heard++;
        order_open--;
    }
}

/* How many plain lines at once are those that must come: 0 if they need a closer look. */
static uint32_t block(struct user *user, const char *begin, const char *end, int64_t at)
{
    struct room *room = user->room;
    size_t size = room->line_size, most = (size_t)(end - begin);

    if (user->whole != size || most < size)
        return 0;
    struct speaker *speaker = speaker_of(user, begin + room->prefix_size);
    if (speaker == NULL)
        return 0;
    uint32_t number = user->next[speaker - room->speakers];
    uint32_t lines = speaker->together[number % RING];
    if (lines * size > most)
        lines = (uint32_t)(most / size);
    if (memcmp(begin, line_of(room, speaker, number), lines * size) != 0)
        return 0;
    heard(user, speaker, lines, at);
    return lines;
}

/* Whether the line that ends there is the one that must come, whatever surrounds its text. */
static bool single(struct user *user, const char *feed, size_t length, int64_t at)
{
    struct room *room = user->room;
    const char *text = feed + 1 - user->suffix - room->text_size;

    if (length < room->text_size + user->suffix || (user->whole && length != user->whole))
        return false;
    struct speaker *speaker = speaker_of(user, text);
    if (speaker == NULL)
        return false;
    const char *expected = text_of(room, speaker, user->next[speaker - room->speakers]);
    if (memcmp(text, expected, room->text_size) != 0)
        return false;
    heard(user, speaker, 1, at);
    return true;
}

char *order_check(struct user *user, char *begin, char *end, int64_t at)
{
    char *feed;
    uint32_t lines;

    for (;;) {
        while ((lines = block(user, begin, end, at)) > 0)
            begin += lines * user->room->line_size;
        feed = memchr(begin, '\n', (size_t)(end - begin));
        if (feed == NULL)
            return begin;
        size_t length = (size_t)(feed + 1 - begin);
        if (!single(user, feed, length, at) && !dialect_allowed(user, begin, length))
            refuse(user, begin, length);
        begin = feed + 1;
    }
}
