/* How the load generator gives up: with one line on stderr, and status 1. */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>

/* Say what is wrong, printf's way, and end. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with what errno says behind it. */
_Noreturn void die_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Zeroed memory that lasts until the end of the program, or die. */
void *claim(size_t count, size_t size);

/* The beginning of a line without what a terminal would obey; valid until the second call after. */
const char *printable(const char *line, size_t length);

#endif
