/*
 * The limit of a server that joins what arrives together: what one epoll_wait() brought is read,
 * and each recipient then gets all of it that was said in their room with one send().
 *
 * Senders do not hear themselves, so they get what is left without their own lines.
 */
#include "chat.h"

#include <stdlib.h>
#include <string.h>

enum { ROUND_SIZE = 256 * 1024 }; /* bytes that are joined at most */

struct spoken {
    const struct connection *sender;
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

static void send_to_sender(const struct round *round, struct connection *sender)
{
    static char others[ROUND_SIZE];
    size_t length = 0;
    for (uint32_t index = 0; index < round->count; index++) {
        const struct spoken *const line = &round->lines[index];
        if (line->sender == sender)
            continue;
        memcpy(others + length, round->bytes + line->begin, line->length);
        length += line->length;
    }
    if (length > 0)
        connection_send(sender, others, length);
}

static void flush(struct round *round)
{
    const struct room *const room = round->room;
    for (uint32_t index = 0; index < room->count; index++) {
        struct connection *const recipient = room->connections[index];
        if (recipient->spoke)
            send_to_sender(round, recipient);
        else
            connection_send(recipient, round->bytes, round->length);
        recipient->spoke = false;
    }
    round->count = round->length = 0;
}

void line_said(struct connection *sender, const char *text, size_t length)
{
    struct round *const round = round_of(sender->room);
    if (round->length + HEARD_SIZE > ROUND_SIZE)
        flush(round);
    if (round->count == round->size) {
        round->size = round->size ? 2 * round->size : 1024;
        round->lines = must_have(realloc(round->lines, round->size * sizeof *round->lines));
    }
    const size_t size = heard_line(round->bytes + round->length, sender, text, length);
    round->lines[round->count++] = (struct spoken){sender, round->length, (uint32_t)size};
    round->length += (uint32_t)size;
    sender->spoke = true;
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
