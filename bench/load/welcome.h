/*
 * The time before everything is checked: people come in, and the server tells everybody about
 * everybody.  Probes, lines with a mark of their own, show who hears whom already, and with what a
 * server surrounds a text: "?RRRSSNNNNNNNN".
 */
#ifndef WELCOME_H
#define WELCOME_H

#include "crowd.h"

void welcome_prepare(struct crowd *crowd, const struct plan *plan);

/* Let him say who he is. */
void welcome_begin(struct participant *who);

/* How many have heard something from the server (IRC: their welcome). */
uint32_t welcome_greeted(void);

/* Look at all complete lines of what was read; returns where the last one ends. */
char *welcome_read(struct participant *who, char *begin, char *end);

/* Let two of every room say something. */
void welcome_probe(void);

/* Whether everybody has heard one of the two. */
bool welcome_everybody_in(void);

/* Let every sender say something once. */
void welcome_last_probe(void);

/* Whether everybody has heard all of that. */
bool welcome_complete(void);

/* Die where nothing new has come for PATIENCE. */
void welcome_check_patience(void);

/* Find out how long texts must be, for everything that follows. */
void welcome_end(void);

/* The last line that he got. */
const char *welcome_last_words(const struct participant *who);

#endif
