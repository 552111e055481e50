"""
What becomes of a text that a person has entered.
"""

from __future__ import annotations

from chat.client.protocol import ChatClient
from chat.editor.buffer import MAX_LINE
from chat.vocabulary.verbs import isCommand


def submit(client: ChatClient, text: str) -> bool:
    """
    Send what was entered: a command, a nickname where there is none yet, or
    something to say.

    Its first line was typed, so a slash means a command and two mean one.  The
    lines after it were pasted, so nothing in them means anything.  A command is
    one line, and its line ends become spaces: else the rest of a private message
    would be said to all.

    @param text: one line or more, LF between them.
    @return: whether it was sent; a command may be too long for one line.
    """
    first, _, rest = text.partition("\n")
    if isCommand(first):
        line = text.replace("\n", " ")
        if len(line.encode()) >= MAX_LINE:
            return False
        client.command(line)
    elif not client.isRegistered:
        if text.strip():
            client.setNick(text.strip())
    else:
        if first.strip():
            client.command(first)
        client.say(rest)
    return True
