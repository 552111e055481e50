"""
Words that are not what their users think: nicknames that others take for the service or its
operators, and commands whose slash is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from chat.vocabulary.commands import Help, Quit
from chat.vocabulary.confusables import look

_MEANT = {
    Help.verb: ("help", "?", "帮助"),
    Quit.verb: ("quit", "exit", "logout", "logoff", "退出", "登出"),
}

COMMANDS = {
    f"{typed}{space}": verb
    for verb, words in _MEANT.items()
    for word in words
    for typed in (word, word.capitalize(), word.upper())
    for space in ("", " ")
}
"""
Lines of newcomers who do not know about the slash, and the verb that they mean.  They are not
said.  All that may be typed is here, so that looking a line up is all it takes.
"""

NAMES = (
    # The service, and the users who run it.
    *("tcpchat", "server", "service", "system", "root", "admin", "administrator", "sysadmin"),
    *("sysop", "operator", "moderator", "owner", "staff", "official", "support"),
    *("服务器", "服务", "系统", "系统消息", "管理员", "系统管理员", "超级管理员", "站长", "版主"),
    *("群主", "房主", "官方", "客服"),
    # Those to whom something is said.
    *("you", "all", "everyone", "everybody", "nobody", "somebody"),
    *("你", "您", "大家", "所有人", "全体成员"),
)
"""Nicknames that nobody may take who has no account of that name; see C{--reserve}."""


def reserved(more: Iterable[str] = ()) -> frozenset[str]:
    """
    @param more: further nicknames.
    @return: what all reserved nicknames look like; see L{look}.
    """
    return frozenset(map(look, (*NAMES, *chain(*_MEANT.values()), *more)))
