"""
How commands are typed: the one table of verbs.

L{parse} makes a L{Command} of a line.  The table L{VERBS} is the only place
that knows names, aliases and arguments: C{/help}, the completion of the client
and the documentation are generated from it.
"""

from __future__ import annotations

from chat.vocabulary import commands
from chat.vocabulary.arguments import (
    cut,
    history,
    join,
    login,
    mode,
    needed,
    oneWord,
    part,
    search,
    sessions,
    twoWords,
)
from chat.vocabulary.commands import Command, Say
from chat.vocabulary.errors import ArgumentInvalid, ArgumentMissing, UnknownCommand
from chat.vocabulary.i18n import N_
from chat.vocabulary.moderationverbs import MODERATION_VERBS
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verb import Verb as Verb

VERBS: tuple[Verb, ...] = (
    Verb("help", ("?", "帮助"), "[COMMAND]", False, N_("list the commands"), commands.Help),
    Verb(
        "nick",
        ("name", "昵称"),
        "NAME",
        False,
        N_("take a nickname, or change it"),
        lambda rest: commands.Nick(needed(rest)),
    ),
    Verb(
        "who",
        ("names", "users", "w", "在线"),
        "[ROOM]",
        True,
        N_("list who is here, and how long they have been silent"),
        commands.Who,
    ),
    Verb(
        "me",
        ("emote", "动作"),
        "TEXT",
        True,
        N_("say what you do: /me waves"),
        lambda rest: commands.Act(needed(rest)),
    ),
    Verb(
        "msg",
        ("tell", "m", "私聊"),
        "NAME TEXT",
        True,
        N_("tell one person something in private"),
        lambda rest: commands.Tell(*twoWords(rest)),
    ),
    Verb(
        "reply",
        ("r", "回复"),
        "TEXT",
        True,
        N_("answer the last private message"),
        lambda rest: commands.Reply(needed(rest)),
    ),
    Verb(
        "join",
        ("j", "加入"),
        "#ROOM [KEY]",
        True,
        N_("come into a room, or make one, and talk there"),
        join,
    ),
    Verb("part", ("leave", "离开"), "[#ROOM] [REASON]", True, N_("leave a room"), part),
    Verb(
        "room",
        ("切换",),
        "#ROOM",
        True,
        N_("talk in another room that you are in"),
        lambda rest: commands.Switch(oneWord(rest)),
    ),
    Verb("rooms", ("list", "房间"), "", True, N_("list the rooms"), lambda rest: commands.Rooms()),
    Verb(
        "topic", ("主题",), "[TEXT]", True, N_("say what the room is about, or ask"), commands.Topic
    ),
    Verb(
        "invite",
        ("邀请",),
        "NAME",
        True,
        N_("invite somebody into the room"),
        lambda rest: commands.Invite(oneWord(rest)),
    ),
    Verb(
        "mode",
        ("模式",),
        "[key KEY|none, private on|off, topic owner|all]",
        True,
        N_("say how your room is kept, or ask"),
        mode,
    ),
    Verb(
        "op",
        ("房主",),
        "NAME",
        True,
        N_("make somebody an owner of your room"),
        lambda rest: commands.Op(oneWord(rest)),
    ),
    Verb(
        "deop",
        ("撤销房主",),
        "NAME",
        True,
        N_("make somebody an owner no longer"),
        lambda rest: commands.Deop(oneWord(rest)),
    ),
    Verb(
        "history",
        ("历史",),
        "[N | after ID | since 2h] [in #ROOM]",
        True,
        N_("show earlier lines"),
        history,
    ),
    Verb(
        "search",
        ("find", "搜索"),
        "WORDS [in #ROOM] [from NAME]",
        True,
        N_("find earlier lines with all of these words"),
        search,
    ),
    Verb(
        "register",
        ("注册",),
        "PASSWORD",
        True,
        N_("make your nickname yours"),
        lambda rest: commands.Register(oneWord(rest)),
    ),
    Verb(
        "login", ("登录",), "[NAME] PASSWORD", False, N_("take the nickname that is yours"), login
    ),
    Verb(
        "password",
        ("passwd", "密码"),
        "NEW",
        True,
        N_("have another password"),
        lambda rest: commands.Password(oneWord(rest)),
    ),
    Verb(
        "unregister",
        ("注销",),
        "",
        True,
        N_("give your account up"),
        lambda rest: commands.Unregister(),
    ),
    Verb("sessions", ("会话",), "[end N]", True, N_("list your sessions, or end one"), sessions),
    Verb(
        "ignore",
        ("忽略",),
        "[NAME]",
        True,
        N_("hear nothing from somebody, or list whom you ignore"),
        commands.Ignore,
    ),
    Verb(
        "unignore",
        ("取消忽略",),
        "NAME",
        True,
        N_("hear somebody again"),
        lambda rest: commands.Unignore(oneWord(rest)),
    ),
    Verb("away", ("暂离",), "[WHY]", True, N_("let others know that you are away"), commands.Away),
    Verb("back", ("回来",), "", True, N_("be back"), lambda rest: commands.Back()),
    Verb(
        "whois",
        ("查询",),
        "NAME",
        True,
        N_("tell who somebody is"),
        lambda rest: commands.Whois(oneWord(rest)),
    ),
    Verb(
        "timestamps",
        ("时间",),
        "[on|off]",
        False,
        N_("begin each line with its time"),
        commands.Timestamps,
    ),
    Verb(
        "bell",
        ("铃声",),
        "[off|mention|all]",
        False,
        N_("ring when you are meant, or always"),
        commands.Bell,
    ),
    Verb(
        "ping", (), "[TOKEN]", False, N_("answered when all before it is answered"), commands.Ping
    ),
    Verb("lang", ("语言",), "[en|zh_CN]", False, N_("choose your language"), commands.Lang),
    Verb(
        "format", ("格式",), "[text|json]", False, N_("choose text, or JSON lines"), commands.Format
    ),
    Verb(
        "motd",
        ("公告",),
        "",
        False,
        N_("show the message of the day"),
        lambda rest: commands.Motd(),
    ),
    Verb(
        "uptime",
        ("运行时间",),
        "",
        False,
        N_("tell for how long this has been running"),
        lambda rest: commands.Uptime(),
    ),
    Verb(
        "version", ("版本",), "", False, N_("tell what runs here"), lambda rest: commands.Version()
    ),
    *MODERATION_VERBS,
    Verb("quit", ("exit", "bye", "退出"), "[REASON]", False, N_("leave"), commands.Quit),
)

_WIDE_SLASH, _SLASH_KEY = "\uff0f", "\u3001"
_SLASHES = ("/", _WIDE_SLASH, _SLASH_KEY)

_BY_NAME = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}


def verbNamed(name: str) -> Verb:
    """
    @param name: a name or an alias, in any case, with its slash or without.
    @raise UnknownCommand: when there is no such verb.
    """
    plain = clean(name).removeprefix("/")
    try:
        return _BY_NAME[plain.lower()]
    except KeyError:
        raise UnknownCommand("/" + plain) from None


def parse(line: str) -> Command | None:
    """
    Make a command of a line.

    A line that begins with a slash is a command, with two slashes it says the
    rest with one; every other line is said as it is.  What is in the way of a
    slash must not make public what was meant for one person: a space before it
    does not matter, the wide slash of a Chinese keyboard is one, and so is the
    mark that such a keyboard has in its place, before a verb.  All text in the
    command has been made safe.

    @param line: without its line end.
    @return: the command, or L{None} for a line with nothing in it.
    @raise UnknownCommand: when there is no such verb.
    @raise ArgumentMissing: when the verb needs an argument.
    @raise ArgumentInvalid: when it cannot be understood.
    """
    text = clean(line)
    if text[:1].isalnum():
        # As most lines begin: there is nothing in the way of a slash, nor a slash.
        return Say(text)
    text = _withSlash(text)
    if not text.startswith("/"):
        return Say(text) if text and not text.isspace() else None
    if text[1:2] in _SLASHES:
        return Say(text[1:])
    name, rest = cut(text)
    verb = verbNamed(name)
    try:
        return verb.build(rest)
    except (ArgumentMissing, ArgumentInvalid) as error:
        raise type(error)(verb.usage) from None


def isCommand(text: str) -> bool:
    """
    @return: whether a text is a command, known or not, and not something to say.
    """
    slashed = _withSlash(text)
    return slashed.startswith("/") and slashed[1:2] not in _SLASHES


def literally(text: str) -> str:
    """
    @return: the line that says a text, whatever it begins with; only spaces before
        a slash are lost.
    """
    return "/" + text.lstrip() if _withSlash(text).startswith("/") else text


def _withSlash(text: str) -> str:
    stripped = text.lstrip()
    if stripped.startswith("/"):
        return stripped
    if stripped.startswith(_WIDE_SLASH):
        return "/" + stripped[1:]
    if stripped.startswith(_SLASH_KEY) and cut(stripped)[0][1:].lower() in _BY_NAME:
        return "/" + stripped[1:]
    return text
