/* What is said, and how one knows that it arrived: see order.h. */
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
    struct room *room = speaker->who->room;
    char *at = block;

    if (speaker->said - speaker->heard + lines > RING)
        die("participant %u has %u lines on their way: the server cannot keep up",
            speaker->who->number, speaker->said - speaker->heard);
    for (uint32_t i = 0; i < lines; i++) {
        uint32_t number = speaker->said++, slot = number % RING;
        char *text = text_of(room, speaker, number);

        write_number(text + NUMBER_AT, DIGITS, number);
        speaker->missing[slot] = room->hearers;
        speaker->since[slot] = since;
        speaker->together[slot] = lines - i < RING - slot ? lines - i : RING - slot;
        at += dialect_say(at, speaker->who);
        memcpy(at, text, room->text_size);
        at += room->text_size;
        memcpy(at, "\r\n", 2);
        at += 2;
    }
    order_open += lines;
    order_said += lines;
    wire_send(speaker->who, block, (size_t)(at - block));
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
static _Noreturn void refuse(const struct participant *who, const char *line, size_t length)
{
    const char *text = line, *end = line + length;
    const char *shown = printable(line, length);

    /* There may be the mark of a user name without ident before that of the text. */
    while ((text = memchr(text, '~', (size_t)(end - text))) != NULL &&
           (end - text < TEXT_LEAST || number_in(text + 1, TEXT_LEAST - 1) < 0))
        text++;
    if (text == NULL)
        die("participant %u got a line that nobody said: %s", who->number, shown);
    long room = number_in(text + ROOM_AT, 3), sender = number_in(text + SENDER_AT, 2);
    long number = number_in(text + NUMBER_AT, DIGITS);
    if (room != who->room->number || sender >= who->room->senders)
        die("participant %u of room %u got a line of another room: %s", who->number,
            who->room->number, shown);
    if (sender == who->deaf_to)
        die("participant %u hears himself: %s", who->number, shown);
    uint32_t next = who->next[sender];
    const char *reason = number == next                                  ? "damaged"
                         : number < next                                 ? "doubled or out of order"
                         : number < who->room->speakers[sender].said     ? "too early: lost or out of order"
                                                                         : "never said";
    die("participant %u: line %ld of sender %ld came instead of %u (%s): %s", who->number, number,
        sender, next, reason, shown);
}

/* Who has said the line with this text, if it may come now: nobody says more than was said. */
static struct speaker *speaker_of(const struct participant *who, const char *text)
{
    struct room *room = who->room;
    uint32_t sender = (uint32_t)(text[SENDER_AT] - '0') * 10 + (uint32_t)(text[SENDER_AT + 1] - '0');

    if (sender >= room->senders || sender == who->deaf_to)
        return NULL;
    struct speaker *speaker = &room->speakers[sender];
    return who->next[sender] < speaker->said ? speaker : NULL;
}

/* Note that the next lines of this sender have been read. */
static void heard(struct participant *who, struct speaker *speaker, uint32_t lines, int64_t at)
{
    uint32_t *next = &who->next[speaker - who->room->speakers], slot = *next % RING;

    *next += lines;
    latency_add(at - speaker->since[slot], lines);
    for (uint32_t i = 0; i < lines; i++)
        speaker->missing[slot + i]--;
    /* Everybody reads them in order: none is complete before those that were said before. */
    while (speaker->heard < speaker->said && speaker->missing[speaker->heard % RING] == 0) {
        speaker->heard++;
        order_open--;
    }
}

/* How many plain lines at once are those that must come: 0 if one must look closer. */
static uint32_t block(struct participant *who, const char *begin, const char *end, int64_t at)
{
    struct room *room = who->room;
    size_t size = room->line_size, most = (size_t)(end - begin);

    if (who->whole != size || most < size)
        return 0;
    struct speaker *speaker = speaker_of(who, begin + room->prefix_size);
    if (speaker == NULL)
        return 0;
    uint32_t number = who->next[speaker - room->speakers];
    uint32_t lines = speaker->together[number % RING];
    if (lines * size > most)
        lines = (uint32_t)(most / size);
    if (memcmp(begin, line_of(room, speaker, number), lines * size) != 0)
        return 0;
    heard(who, speaker, lines, at);
    return lines;
}

/* Whether the line that ends there is the one that must come, whatever surrounds its text. */
static bool single(struct participant *who, const char *feed, size_t length, int64_t at)
{
    struct room *room = who->room;
    const char *text = feed + 1 - who->suffix - room->text_size;

    if (length < room->text_size + who->suffix || (who->whole && length != who->whole))
        return false;
    struct speaker *speaker = speaker_of(who, text);
    if (speaker == NULL)
        return false;
    const char *expected = text_of(room, speaker, who->next[speaker - room->speakers]);
    if (memcmp(text, expected, room->text_size) != 0)
        return false;
    heard(who, speaker, 1, at);
    return true;
}

char *order_check(struct participant *who, char *begin, char *end, int64_t at)
{
    char *feed;
    uint32_t lines;

    for (;;) {
        while ((lines = block(who, begin, end, at)) > 0)
            begin += lines * who->room->line_size;
        feed = memchr(begin, '\n', (size_t)(end - begin));
        if (feed == NULL)
            return begin;
        size_t length = (size_t)(feed + 1 - begin);
        if (!single(who, feed, length, at) && !dialect_allowed(who, begin, length))
            refuse(who, begin, length);
        begin = feed + 1;
    }
}
