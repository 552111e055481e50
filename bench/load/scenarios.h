/* The ways to talk that are measured. */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "crowd.h"

/* One of the command line: NAME:SECONDS, flood:SECONDS:WINDOW or
   rate:SECONDS:LINES_PER_SECOND. */
struct scenario {
    const char *text;
    void (*talk)(struct crowd *crowd, const struct scenario *scenario, double seconds);
    double seconds;
    double rate;     /* lines per second, in all rooms together */
    uint32_t window; /* how many lines of a flooding sender are on their way at the most */
};

/* Die where it is none. */
struct scenario scenario_parse(const char *text);

/* Warm up, and measure: one JSON object, as a text that stays. */
char *scenario_run(struct crowd *crowd, const struct scenario *scenario);

#endif
