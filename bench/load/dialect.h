/* What is written to a server: its own protocol of lines, or IRC (RFC 1459 and 2812). */
#ifndef DIALECT_H
#define DIALECT_H

#include "wire.h"

/* How a participant wants to get what the others say. */
enum format { PLAIN, CHINESE, JSON };

enum { COMMAND_MOST = 160 };

/* One of the two; rooms: where everybody stays in the room he starts in, 1. */
void dialect_choose(bool irc, uint32_t rooms, uint32_t participants);

/* What a participant writes when he is connected: its size. */
size_t dialect_enter(char *command, const struct participant *who, enum format format);

/*
 * Look at a line, without its end, that came before everything is checked.  Answers what must be
 * answered.  True where it says that he is in (a server that speaks IRC takes JOIN from now on).
 */
bool dialect_welcomed(struct participant *who, const char *line, size_t length);

/* The same for a line, with its end, that nobody said: true where the server may send it. */
bool dialect_allowed(struct participant *who, const char *line, size_t length);

/* What comes before a text to say it in his room: its size. */
size_t dialect_say(char *command, const struct participant *who);

#endif
