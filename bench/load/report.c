/* How the load generator gives up: see report.h. */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 160, ALIGNMENT = 64 };

static void tell(const char *format, va_list values)
{
    fputs("load: ", stderr);
    vfprintf(stderr, format, values);
}

void die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    tell(format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

void die_errno(const char *format, ...)
{
    int error = errno;
    va_list values;
    va_start(values, format);
    tell(format, values);
    va_end(values);
    fprintf(stderr, ": %s\n", strerror(error));
    exit(1);
}

void *claim(size_t count, size_t size)
{
    /* Aligned, so that what belongs together is in one line of the cache. */
    size_t whole = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, whole ? whole : ALIGNMENT);
    if (memory == NULL)
        die("out of memory");
    memset(memory, 0, whole);
    return memory;
}

const char *printable(const char *line, size_t length)
{
    static char texts[2][SHOWN + 4];
    static int turn;
    char *text = texts[turn = !turn];
    size_t shown = length < SHOWN ? length : SHOWN;

    for (size_t i = 0; i < shown; i++)
        text[i] = (unsigned char)line[i] < ' ' || line[i] == 127 ? '.' : line[i];
    strcpy(text + shown, length > shown ? "..." : "");
    return text;
}
