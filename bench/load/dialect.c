/* What is written to a server: see dialect.h. */
#include "dialect.h"

#include "order.h"

#include <stdio.h>
#include <string.h>

static bool irc;
static uint32_t rooms;
static int digits;

void dialect_choose(bool speaks_irc, uint32_t how_many_rooms, uint32_t users)
{
    irc = speaks_irc;
    rooms = how_many_rooms;
    /* All nicknames are as long as each other. */
    digits = users > 10000 ? 5 : 4;
}

static size_t nick(char *text, const struct user *user)
{
    return (size_t)sprintf(text, "n%0*u", digits, user->number);
}

size_t dialect_enter(char *command, const struct user *user, enum format format)
{
    char *at = command;

    if (irc)
        at += sprintf(at, "NICK ");
    at += nick(at, user);
    if (irc)
        at += sprintf(at, "\r\nUSER u 0 * :u");
    at += sprintf(at, "\r\n");
    if (irc)
        return (size_t)(at - command);
    if (format == CHINESE)
        at += sprintf(at, "/lang zh_CN\r\n");
    else if (format == JSON)
        at += sprintf(at, "/format json\r\n");
    if (rooms > 1)
        at += sprintf(at, "/join #r%03u\r\n/leave #lobby\r\n", user->room->number);
    return (size_t)(at - command);
}

/* The beginning of the second word. */
static const char *second(const char *line, size_t length)
{
    const char *space = memchr(line, ' ', length);
    return space != NULL ? space + 1 : line + length;
}

static bool begins(const char *at, const char *end, const char *word)
{
    size_t size = strlen(word);
    return (size_t)(end - at) >= size && memcmp(at, word, size) == 0;
}

static bool answered(struct user *user, const char *line, size_t length)
{
    char pong[COMMAND_MOST];

    if (!irc || !begins(line, line + length, "PING") || length > sizeof pong - 3)
        return false;
    size_t size = (size_t)snprintf(pong, sizeof pong, "PONG%.*s", (int)length - 4, line + 4);
    while (size > 4 && (pong[size - 1] == '\n' || pong[size - 1] == '\r'))
        size--;
    memcpy(pong + size, "\r\n", 2);
    wire_send(user, pong, size + 2);
    return true;
}

bool dialect_welcomed(struct user *user, const char *line, size_t length)
{
    char join[COMMAND_MOST];

    /* Our own protocol takes the nickname and all that follows at once: a greeting is enough. */
    if (!irc)
        return true;
    if (answered(user, line, length) || !begins(second(line, length), line + length, "001 "))
        return false;
    wire_send(user, join, (size_t)sprintf(join, "JOIN #r%03u\r\n", user->room->number));
    return true;
}

bool dialect_allowed(struct user *user, const char *line, size_t length)
{
    const char *word = second(line, length), *end = line + length;

    if (!irc)
        return false;
    if (answered(user, line, length))
        return true;
    if (line[0] != ':')
        return false;
    bool numeric = end - word > 3 && word[3] == ' ' && strspn(word, "0123456789") == 3;
    return numeric || begins(word, end, "JOIN ");
}

size_t dialect_say(char *command, const struct user *user)
{
    if (!irc)
        return 0;
    return (size_t)sprintf(command, "PRIVMSG #r%03u :", user->room->number);
}
