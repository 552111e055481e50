/*
 * The limit of a server that joins what arrives together: what one epoll_wait() brought is read,
 * and each recipient then gets all of it that was said in his room with one send().
 *
 * An author does not hear himself, so that he gets what is left without his lines.
 */
#include "chat.h"

#include <stdlib.h>
#include <string.h>

enum { ROUND_SIZE = 256 * 1024 }; /* bytes that are joined at most */

struct spoken {
    const struct connection *author;
    uint32_t begin;
    uint32_t length;
};

/* What has been said in a room in this round. */
struct round {
    struct room *room;
    struct spoken *lines;
    uint32_t count;
    uint32_t size;
    uint32_t length;
    bool pending; /* it is among the pending */
    struct round *next;
    char bytes[ROUND_SIZE];
};

static struct round *pending;

static struct round *round_of(struct room *room)
{
    if (room->round == NULL) {
        room->round = must_have(calloc(1, sizeof *room->round));
        room->round->room = room;
    }
    return room->round;
}

static void send_to_author(const struct round *round, struct connection *author)
{
    static char others[ROUND_SIZE];
    size_t length = 0;
    for (uint32_t index = 0; index < round->count; index++) {
        const struct spoken *const line = &round->lines[index];
        if (line->author == author)
            continue;
        memcpy(others + length, round->bytes + line->begin, line->length);
        length += line->length;
    }
    if (length > 0)
        connection_send(author, others, length);
}

static void flush(struct round *round)
{
    const struct room *const room = round->room;
    for (uint32_t index = 0; index < room->count; index++) {
        struct connection *const member = room->members[index];
        if (member->spoke)
            send_to_author(round, member);
        else
            connection_send(member, round->bytes, round->length);
        member->spoke = false;
    }
    round->count = round->length = 0;
}

void line_said(struct connection *author, const char *text, size_t length)
{
    struct round *const round = round_of(author->room);
    if (round->length + HEARD_SIZE > ROUND_SIZE)
        flush(round);
    if (round->count == round->size) {
        round->size = round->size ? 2 * round->size : 1024;
        round->lines = must_have(realloc(round->lines, round->size * sizeof *round->lines));
    }
    const size_t size = heard_line(round->bytes + round->length, author, text, length);
    round->lines[round->count++] = (struct spoken){author, round->length, (uint32_t)size};
    round->length += (uint32_t)size;
    author->spoke = true;
    if (!round->pending) {
        round->pending = true;
        round->next = pending;
        pending = round;
    }
}

void room_changes(struct room *room)
{
    if (room->round != NULL && room->round->count > 0)
        flush(room->round);
}

void round_ended(void)
{
    for (; pending != NULL; pending = pending->next) {
        pending->pending = false;
        if (pending->count > 0)
            flush(pending);
    }
}
