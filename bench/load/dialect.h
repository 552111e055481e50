/* What is written to a server: its own protocol of lines, or IRC (RFC 1459 and 2812). */
#ifndef DIALECT_H
#define DIALECT_H

#include "wire.h"

/* How a user wants to get what the others say. */
enum format { PLAIN, CHINESE, JSON };

enum { COMMAND_MOST = 160 };

/* Choose one of the two; rooms is 1 where all users stay in the room in which they start. */
void dialect_choose(bool irc, uint32_t rooms, uint32_t users);

/* Write what a user sends as soon as they are connected; return its size. */
size_t dialect_enter(char *command, const struct user *user, enum format format);

/*
 * Look at a line, without its end, that came before everything is checked.  Send the answer that it
 * needs, if any.  True where it says that the user is in: from now on IRC servers take JOIN.
 */
bool dialect_welcomed(struct user *user, const char *line, size_t length);

/* The same for a line, with its end, that no user said: true where the server may send it. */
bool dialect_allowed(struct user *user, const char *line, size_t length);

/* Write what comes before a text to say it in the user's room; return its size. */
size_t dialect_say(char *command, const struct user *user);

#endif
