/*
 * Rooms, and who is in them.  A room once made remains: there are few, and a benchmark ends.
 */
#include "chat.h"

#include <stdlib.h>
#include <string.h>

struct room *rooms;

static struct room *room_named(const char *name, size_t length)
{
    if (length >= NICK_SIZE)
        length = NICK_SIZE - 1;
    for (struct room *room = rooms; room != NULL; room = room->next)
        if (strlen(room->name) == length && memcmp(room->name, name, length) == 0)
            return room;
    struct room *const room = must_have(calloc(1, sizeof *room));
    memcpy(room->name, name, length);
    room->next = rooms;
    rooms = room;
    return room;
}

/* Out of its present room, and into another. */
void room_enter(struct connection *connection, const char *name, size_t length)
{
    struct room *const room = room_named(name, length);
    room_leave(connection);
    room_changes(room);
    if (room->count == room->size) {
        room->size = room->size ? 2 * room->size : 16;
        room->connections =
            must_have(realloc(room->connections, room->size * sizeof *room->connections));
    }
    connection->room = room;
    connection->place = room->count;
    room->connections[room->count++] = connection;
}

/* Out of its room, if it is in any. */
void room_leave(struct connection *connection)
{
    struct room *const room = connection->room;
    if (room == NULL)
        return;
    room_changes(room);
    struct connection *const last = room->connections[--room->count];
    room->connections[connection->place] = last;
    last->place = connection->place;
    connection->room = NULL;
}
