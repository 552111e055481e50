/*
 * The time before everything is checked: users join, and the server tells all of them about each
 * other.  Probes, lines with a mark of their own ("?RRRSSNNNNNNNN"), show which users hear each
 * other already, and with what a server surrounds a text.
 */
#ifndef WELCOME_H
#define WELCOME_H

#include "crowd.h"

void welcome_prepare(struct crowd *crowd, const struct plan *plan);

/* Send the nickname. */
void welcome_begin(struct user *user);

/* How many have heard something from the server (IRC: their welcome). */
uint32_t welcome_greeted(void);

/* Look at all complete lines of what was read; returns where the last one ends. */
char *welcome_read(struct user *user, char *begin, char *end);

/* Let two of every room say something. */
void welcome_probe(void);

/* Whether all users have heard one of the two. */
bool welcome_all_in(void);

/* Let every sender say something once. */
void welcome_last_probe(void);

/* Whether all users have heard all of that. */
bool welcome_complete(void);

/* Die where nothing new has come for PATIENCE. */
void welcome_check_patience(void);

/* Find out how long texts must be, for everything that follows. */
void welcome_end(void);

/* The last line that the user got. */
const char *welcome_last_words(const struct user *user);

#endif
