/*
 * The limit of a server that sends each line as soon as it has read it: one send() per line and
 * recipient, and nothing besides.
 */
#include "chat.h"

void line_said(struct connection *sender, const char *text, size_t length)
{
    static char heard[HEARD_SIZE];
    const size_t size = heard_line(heard, sender, text, length);
    const struct room *const room = sender->room;
    for (uint32_t index = 0; index < room->count; index++)
        if (room->connections[index] != sender)
            connection_send(room->connections[index], heard, size);
}

void room_changes(struct room *room)
{
    (void)room;
}

void round_ended(void)
{
}
