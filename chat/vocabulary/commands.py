"""
Everything that a user can ask for.

A command is one class: its fields say what was asked, and L{verb} says how it is
typed, what C{/help} tells of it and who may use it.  Nothing else lists it: the
table L{VERBS}, the completion of the client and the documentation come from here,
in the order of this file.  A front door that speaks no lines makes the values
itself.  All text in a command has been made safe.

Where a command about a room names none, the room in which the user talks is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, ClassVar, TypeVar

from chat.vocabulary import arguments
from chat.vocabulary.i18n import N_


class Subject(Enum):
    """
    The subjects of C{/help}, each by its names in C{/help SUBJECT}.
    """

    TALK = N_("talk"), "聊天"
    ROOMS = N_("rooms"), "聊天室"
    HISTORY = N_("history"), "历史"
    ACCOUNT = N_("account"), "账号"
    SETTINGS = N_("settings"), "设置"
    OPERATORS = N_("operators"), "管理"

    ALL = N_("all"), "全部"
    """Not of any verb: it stands for all the others."""


class Access(StrEnum):
    """Which users may use a verb."""

    EVERYBODY = "everybody"
    """All users, those without a nickname included."""

    USERS = "users"

    OPERATORS = "operators"


@dataclass(frozen=True, slots=True)
class Verb:
    """
    How one command is typed.

    @ivar command: the class of the requests that it makes.
    @ivar name: how it is typed, after the slash; its translation is one of the aliases.
    @ivar aliases: other names, Chinese ones among them.
    @ivar subject: where C{/help} has it.
    @ivar help: one line of explanation, to be translated.
    @ivar arguments: how its arguments are shown, to be translated; C{[…]} may be left out.
    @ivar access: who may use it.
    @ivar secret: from which of its words on, counted from 1, the rest is not for all
        users: a password, a key, a private message; 0 where nothing is.
    @ivar isEssential: whether C{/help} shows it by itself.
    @ivar reads: makes the fields of the command of the cleaned rest of the line;
        raises L{ArgumentMissing <chat.vocabulary.errors.ArgumentMissing>},
        L{ArgumentInvalid <chat.vocabulary.errors.ArgumentInvalid>} or
        L{UnitMissing <chat.vocabulary.errors.UnitMissing>}.
    """

    command: type[Command]
    name: str
    aliases: tuple[str, ...]
    subject: Subject
    help: str
    arguments: str
    access: Access
    secret: int
    isEssential: bool
    reads: Callable[[str], tuple[Any, ...]]

    @property
    def usage(self) -> str:
        """How it is typed, with its arguments."""
        return f"/{self.name} {self.arguments}".rstrip()


class Command:
    """
    A request of a user.

    @cvar verb: how it is typed.
    """

    __slots__ = ()

    verb: ClassVar[Verb]

    @classmethod
    def usage(cls) -> str:
        """How it is typed, with its arguments."""
        return cls.verb.usage


class StateCommand(Command):
    """A command that may change who the user is, or end the session."""

    __slots__ = ()


CommandT = TypeVar("CommandT", bound=Command)

VERBS: list[Verb] = []
"""All verbs, in the order in which C{/help all} lists them."""


def verb(
    name: str,
    *aliases: str,
    subject: Subject,
    help: str,
    arguments: str = "",
    access: Access = Access.USERS,
    secret: int = 0,
    isEssential: bool = False,
    reads: Callable[[str], tuple[Any, ...]] = arguments.nothing,
) -> Callable[[type[CommandT]], type[CommandT]]:
    """
    Say how a command is typed; see L{Verb} for the parameters.
    """

    def named(command: type[CommandT]) -> type[CommandT]:
        command.verb = Verb(
            command, name, aliases, subject, help, arguments, access, secret, isEssential, reads
        )
        VERBS.append(command.verb)
        return command

    return named


@verb(
    "help",
    "?",
    "帮助",
    arguments=N_("[COMMAND|SUBJECT]"),
    subject=Subject.SETTINGS,
    help=N_("list commands, or explain one"),
    access=Access.EVERYBODY,
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Help(Command):
    """Explain C{about}: a verb or a subject; without one, list the essential verbs."""

    about: str = ""


@verb(
    "nick",
    "name",
    "昵称",
    arguments=N_("NAME"),
    subject=Subject.ACCOUNT,
    help=N_("choose or change your nickname"),
    access=Access.EVERYBODY,
    reads=arguments.needed,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Nick(StateCommand):
    """Be called C{name}."""

    name: str


@verb(
    "who",
    "names",
    "users",
    "w",
    "在线",
    arguments=N_("[#ROOM]"),
    subject=Subject.TALK,
    help=N_("list who is here"),
    reads=arguments.anything,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Who(Command):
    """List the users in a room."""

    room: str = ""


@verb(
    "me",
    "emote",
    "动作",
    arguments=N_("TEXT"),
    subject=Subject.TALK,
    help=N_("say what you do, as in /me waves"),
    reads=arguments.needed,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Act(Command):
    """Do C{text} in a room."""

    text: str
    room: str = ""


@verb(
    "msg",
    "tell",
    "m",
    "私聊",
    arguments=N_("NAME TEXT"),
    subject=Subject.TALK,
    help=N_("send somebody a private message"),
    secret=2,
    reads=arguments.twoWords,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Tell(Command):
    """Tell C{to} something in private."""

    to: str
    text: str


@verb(
    "reply",
    "r",
    "回复",
    arguments=N_("TEXT"),
    subject=Subject.TALK,
    help=N_("reply to the last private message"),
    secret=1,
    reads=arguments.needed,
)
@dataclass(frozen=True, slots=True)
class Reply(Command):
    """Tell C{text} to the user who sent the last private message."""

    text: str


@verb(
    "say",
    "说",
    arguments=N_("TEXT"),
    subject=Subject.TALK,
    help=N_("say a line that looks like a command"),
    access=Access.EVERYBODY,
    reads=arguments.needed,
)
@dataclass(frozen=True, slots=True)
class Say(Command):
    """Say C{text} in a room; before there is a nickname, it is the nickname."""

    text: str
    room: str = ""


@verb(
    "join",
    "j",
    "加入",
    arguments=N_("#ROOM [KEY]"),
    subject=Subject.ROOMS,
    help=N_("join a room, or create it"),
    secret=2,
    reads=arguments.join,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Join(Command):
    """Enter C{room}, or talk there."""

    room: str
    key: str = ""


@verb(
    "part",
    "leave",
    "离开",
    arguments=N_("[#ROOM] [REASON]"),
    subject=Subject.ROOMS,
    help=N_("leave a room"),
    reads=arguments.part,
)
@dataclass(frozen=True, slots=True)
class Part(Command):
    """Leave a room."""

    room: str = ""
    reason: str = ""


@verb(
    "room",
    "切换",
    arguments=N_("#ROOM"),
    subject=Subject.ROOMS,
    help=N_("switch to another of your rooms"),
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Switch(Command):
    """Talk in C{room}, which the user is in already."""

    room: str


@verb(
    "rooms",
    "list",
    "聊天室",
    subject=Subject.ROOMS,
    help=N_("list the rooms"),
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Rooms(Command):
    """List the rooms."""


@verb(
    "topic",
    "主题",
    arguments=N_("[TEXT]"),
    subject=Subject.ROOMS,
    help=N_("show or set the topic of the room"),
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Topic(Command):
    """Set the topic of a room, or show it."""

    text: str = ""
    room: str = ""


@verb(
    "invite",
    "邀请",
    arguments=N_("NAME"),
    subject=Subject.ROOMS,
    help=N_("invite somebody to your room"),
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Invite(Command):
    """Let C{nick} enter a room."""

    nick: str
    room: str = ""


@verb(
    "mode",
    "模式",
    arguments=N_("[key KEY, private on|off, topic owner|all]"),
    subject=Subject.ROOMS,
    help=N_("room settings"),
    secret=2,
    reads=arguments.mode,
)
@dataclass(frozen=True, slots=True)
class Mode(Command):
    """Change a mode of a room, or show its modes."""

    mode: str = ""
    value: str = ""
    room: str = ""


@verb(
    "op",
    "设为房主",
    arguments=N_("NAME"),
    subject=Subject.ROOMS,
    help=N_("make somebody an owner of your room"),
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Op(Command):
    """Make C{nick} an owner of a room."""

    nick: str
    room: str = ""


@verb(
    "deop",
    "撤销房主",
    arguments=N_("NAME"),
    subject=Subject.ROOMS,
    help=N_("remove an owner of your room"),
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Deop(Command):
    """Make C{nick} no longer an owner of a room."""

    nick: str
    room: str = ""


@verb(
    "history",
    "历史",
    arguments=N_("[N | after ID | since 2h] [in #ROOM]"),
    subject=Subject.HISTORY,
    help=N_("show earlier lines"),
    reads=arguments.history,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class ShowHistory(Command):
    """
    Show the newest C{count} lines of a room, or those after the line with the id
    C{after}, or those of the last C{seconds}.
    """

    count: int = 0
    after: int | None = None
    seconds: int | None = None
    room: str = ""


@verb(
    "search",
    "find",
    "搜索",
    arguments=N_("WORDS [in #ROOM] [from NAME]"),
    subject=Subject.HISTORY,
    help=N_("search earlier lines"),
    reads=arguments.search,
)
@dataclass(frozen=True, slots=True)
class Search(Command):
    """Find lines with all of C{words}; without a room, in all rooms the user is in."""

    words: str
    room: str = ""
    nick: str = ""


@verb(
    "register",
    "注册",
    arguments=N_("PASSWORD"),
    subject=Subject.ACCOUNT,
    help=N_("register your nickname, so only you can use it"),
    secret=1,
    reads=arguments.oneWord,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Register(Command):
    """Make an account of the nickname."""

    password: str = field(repr=False)


@verb(
    "login",
    "登录",
    arguments=N_("[NAME] PASSWORD"),
    subject=Subject.ACCOUNT,
    help=N_("log in with your registered nickname"),
    access=Access.EVERYBODY,
    secret=1,
    reads=arguments.login,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Login(StateCommand):
    """Prove to own the account C{name}; without a name, the one just asked for."""

    name: str
    password: str = field(repr=False)


@verb(
    "password",
    "passwd",
    "密码",
    arguments=N_("NEW"),
    subject=Subject.ACCOUNT,
    help=N_("change your password"),
    secret=1,
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Password(Command):
    """Change the password of the account."""

    password: str = field(repr=False)


@verb(
    "unregister",
    "删除账号",
    arguments=N_("[NAME [REASON]]"),
    subject=Subject.ACCOUNT,
    help=N_("delete an account; alone, it asks"),
    reads=arguments.cut,
)
@dataclass(frozen=True, slots=True)
class Unregister(Command):
    """
    Remove the account C{name}: the user's own, or, as an operator, another one; without a name,
    tell what would go with their own.
    """

    name: str = ""
    why: str = ""


@verb(
    "sessions",
    "会话",
    arguments=N_("[end N]"),
    subject=Subject.ACCOUNT,
    help=N_("list your sessions, or end one"),
    reads=arguments.sessions,
)
@dataclass(frozen=True, slots=True)
class Sessions(Command):
    """List the sessions of the user, or end the one of that number."""

    end: int | None = None


@verb(
    "ignore",
    "忽略",
    arguments=N_("[NAME]"),
    subject=Subject.TALK,
    help=N_("ignore somebody, or list whom you are ignoring"),
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Ignore(Command):
    """Hear nothing from C{nick}; without one, list who is ignored."""

    nick: str = ""


@verb(
    "unignore",
    "取消忽略",
    arguments=N_("NAME"),
    subject=Subject.TALK,
    help=N_("stop ignoring somebody"),
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Unignore(Command):
    """Hear C{nick} again."""

    nick: str


@verb(
    "away",
    "暂离",
    arguments=N_("[REASON]"),
    subject=Subject.TALK,
    help=N_("mark yourself as away"),
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Away(Command):
    """Be away, and say why."""

    reason: str = ""


@verb("back", "回来", subject=Subject.TALK, help=N_("mark yourself as back"))
@dataclass(frozen=True, slots=True)
class Back(Command):
    """Be away no longer."""


@verb(
    "whois",
    "查询",
    arguments=N_("NAME"),
    subject=Subject.TALK,
    help=N_("show details about somebody"),
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Whois(Command):
    """Tell what the user may know of C{nick}."""

    nick: str


@verb(
    "timestamps",
    "时间",
    arguments=N_("[on|off]"),
    subject=Subject.SETTINGS,
    help=N_("show or hide the time of each line"),
    access=Access.EVERYBODY,
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Timestamps(Command):
    """Begin each line with its time, or do not, or tell which it is."""

    choice: str = ""


@verb(
    "bell",
    "铃声",
    arguments=N_("[off|mention|all]"),
    subject=Subject.SETTINGS,
    help=N_("choose when the bell rings"),
    access=Access.EVERYBODY,
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Bell(Command):
    """Ring at a mention, always, or never, or tell which it is."""

    choice: str = ""


@verb(
    "ping",
    arguments=N_("[TOKEN]"),
    subject=Subject.SETTINGS,
    help=N_("get an answer once everything before it is done"),
    access=Access.EVERYBODY,
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Ping(Command):
    """Answer when everything before has been answered."""

    token: str = ""


@verb(
    "lang",
    "语言",
    arguments=N_("[en|zh_CN]"),
    subject=Subject.SETTINGS,
    help=N_("choose your language"),
    access=Access.EVERYBODY,
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Lang(Command):
    """Speak C{language}, or tell which it is."""

    language: str = ""


@verb(
    "format",
    "格式",
    arguments=N_("[text|json]"),
    subject=Subject.SETTINGS,
    help=N_("switch between text and JSON lines"),
    access=Access.EVERYBODY,
    reads=arguments.anything,
)
@dataclass(frozen=True, slots=True)
class Format(Command):
    """Write in C{format}, or tell which it is."""

    format: str = ""


@verb(
    "motd",
    "公告",
    subject=Subject.SETTINGS,
    help=N_("show the message of the day"),
    access=Access.EVERYBODY,
)
@dataclass(frozen=True, slots=True)
class Motd(Command):
    """Show the message of the day."""


@verb(
    "uptime",
    "运行时间",
    subject=Subject.SETTINGS,
    help=N_("show how long the service has been running"),
    access=Access.EVERYBODY,
)
@dataclass(frozen=True, slots=True)
class ShowUptime(Command):
    """Tell how long the service has been running."""


@verb(
    "version",
    "版本",
    subject=Subject.SETTINGS,
    help=N_("show the version of the service"),
    access=Access.EVERYBODY,
)
@dataclass(frozen=True, slots=True)
class Version(Command):
    """Tell the version of the software."""


@verb(
    "kick",
    "踢出",
    arguments=N_("NAME [REASON]"),
    subject=Subject.ROOMS,
    help=N_("kick somebody out of your room"),
    reads=arguments.withReason,
)
@dataclass(frozen=True, slots=True)
class Kick(Command):
    """Put C{nick} out of the service, or, as an owner or with a C{room}, out of a room."""

    nick: str
    why: str = ""
    room: str = ""


@verb(
    "ban",
    "封禁",
    arguments=N_("NAME|ADDRESS|CIDR [2h|30d] [REASON]"),
    subject=Subject.OPERATORS,
    help=N_("ban a user or network"),
    access=Access.OPERATORS,
    reads=arguments.sanction,
)
@dataclass(frozen=True, slots=True)
class Ban(Command):
    """Keep C{target} out, for C{seconds} or for ever."""

    target: str
    seconds: int | None = None
    why: str = ""


@verb(
    "bans",
    "封禁列表",
    subject=Subject.OPERATORS,
    help=N_("list who is banned or muted"),
    access=Access.OPERATORS,
)
@dataclass(frozen=True, slots=True)
class Bans(Command):
    """List the bans and the mutes."""


@verb(
    "unban",
    "解封",
    arguments=N_("NAME|ADDRESS|CIDR"),
    subject=Subject.OPERATORS,
    help=N_("lift a ban"),
    access=Access.OPERATORS,
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Unban(Command):
    """Lift the ban of C{target}."""

    target: str


@verb(
    "mute",
    "禁言",
    arguments=N_("NAME|ADDRESS|CIDR [2h|30d] [REASON]"),
    subject=Subject.OPERATORS,
    help=N_("mute a user or network"),
    access=Access.OPERATORS,
    reads=arguments.sanction,
)
@dataclass(frozen=True, slots=True)
class Mute(Command):
    """Keep C{target} from speaking, for C{seconds} or until unmuted."""

    target: str
    seconds: int | None = None
    why: str = ""


@verb(
    "unmute",
    "解除禁言",
    arguments=N_("NAME|ADDRESS|CIDR"),
    subject=Subject.OPERATORS,
    help=N_("lift a mute"),
    access=Access.OPERATORS,
    reads=arguments.oneWord,
)
@dataclass(frozen=True, slots=True)
class Unmute(Command):
    """Lift the mute of C{target}."""

    target: str


@verb(
    "delete",
    "删除聊天室",
    arguments=N_("#ROOM [REASON]"),
    subject=Subject.OPERATORS,
    help=N_("delete a room and its history"),
    access=Access.OPERATORS,
    reads=arguments.withReason,
)
@dataclass(frozen=True, slots=True)
class Delete(Command):
    """Delete C{room}: all leave it, and what was said there is forgotten."""

    room: str
    why: str = ""


@verb(
    "announce",
    "广播",
    arguments=N_("TEXT"),
    subject=Subject.OPERATORS,
    help=N_("send everybody an announcement"),
    access=Access.OPERATORS,
    reads=arguments.needed,
)
@dataclass(frozen=True, slots=True)
class Announce(Command):
    """Tell all users C{text}."""

    text: str


@verb(
    "rename",
    "改名",
    arguments=N_("OLD NEW"),
    subject=Subject.OPERATORS,
    help=N_("change somebody's nickname"),
    access=Access.OPERATORS,
    reads=arguments.twoWords,
)
@dataclass(frozen=True, slots=True)
class Rename(Command):
    """Give C{nick} another nickname."""

    nick: str
    name: str


@verb(
    "operator",
    "管理员",
    arguments=N_("[NAME [on|off]]"),
    subject=Subject.OPERATORS,
    help=N_("appoint, dismiss or list operators"),
    access=Access.OPERATORS,
    reads=arguments.operator,
)
@dataclass(frozen=True, slots=True)
class Operator(Command):
    """Make the account C{nick} an operator, or no longer; without one, list them."""

    nick: str = ""
    isOn: bool = True


@verb(
    "rehash",
    "重载",
    subject=Subject.OPERATORS,
    help=N_("reload bans, certificates and the message of the day"),
    access=Access.OPERATORS,
)
@dataclass(frozen=True, slots=True)
class Rehash(Command):
    """Read again what was read from files."""


@verb(
    "quit",
    "exit",
    "bye",
    "退出",
    arguments=N_("[REASON]"),
    subject=Subject.SETTINGS,
    help=N_("leave the chat"),
    access=Access.EVERYBODY,
    reads=arguments.anything,
    isEssential=True,
)
@dataclass(frozen=True, slots=True)
class Quit(StateCommand):
    """Leave, with a reason or without."""

    reason: str = ""
