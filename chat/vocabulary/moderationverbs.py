"""
The verbs of those who keep order: a part of the table in L{chat.vocabulary.verbs}.
"""

from __future__ import annotations

from chat.vocabulary import commands
from chat.vocabulary.arguments import ban, mute, needed, oneWord, operator, twoWords, withReason
from chat.vocabulary.i18n import N_
from chat.vocabulary.verb import Verb

MODERATION_VERBS: tuple[Verb, ...] = (
    Verb(
        "kick",
        ("踢出",),
        "NAME [WHY]",
        True,
        N_("put somebody out: of your room, or, as an operator, of the service"),
        lambda rest: commands.Kick(*withReason(rest)),
    ),
    Verb(
        "ban",
        ("封禁",),
        "NAME|ADDRESS|CIDR [2h|30d] [WHY]",
        True,
        N_("let somebody not be here (operators)"),
        ban,
    ),
    Verb(
        "bans",
        ("封禁列表",),
        "",
        True,
        N_("list who is banned or muted (operators)"),
        lambda rest: commands.Bans(),
    ),
    Verb(
        "unban",
        ("解封",),
        "NAME|ADDRESS|CIDR",
        True,
        N_("let somebody be here again (operators)"),
        lambda rest: commands.Unban(oneWord(rest)),
    ),
    Verb(
        "mute",
        ("禁言",),
        "NAME [2h|30d] [WHY]",
        True,
        N_("let somebody not speak (operators)"),
        mute,
    ),
    Verb(
        "unmute",
        ("解除禁言",),
        "NAME",
        True,
        N_("let somebody speak again (operators)"),
        lambda rest: commands.Unmute(oneWord(rest)),
    ),
    Verb(
        "announce",
        ("广播",),
        "TEXT",
        True,
        N_("tell everybody something (operators)"),
        lambda rest: commands.Announce(needed(rest)),
    ),
    Verb(
        "rename",
        ("改名",),
        "OLD NEW",
        True,
        N_("give somebody another nickname (operators)"),
        lambda rest: commands.Rename(*twoWords(rest)),
    ),
    Verb(
        "operator",
        ("管理员",),
        "[NAME [on|off]]",
        True,
        N_("make somebody an operator, or list them (operators)"),
        operator,
    ),
    Verb(
        "rehash",
        ("重载",),
        "",
        True,
        N_("read bans, certificates and the message of the day again (operators)"),
        lambda rest: commands.Rehash(),
    ),
)
