"""Tests for L{chat.vocabulary.verbs}: how commands are typed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import fields
from time import process_time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.vocabulary import commands
from chat.vocabulary.errors import (
    ArgumentInvalid,
    ArgumentMissing,
    ChatError,
    CommandMeant,
    UnknownCommand,
)
from chat.vocabulary.i18n import LANGUAGES, translation
from chat.vocabulary.limits import MIN_PASSWORD
from chat.vocabulary.reserved import COMMANDS
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import (
    VERBS,
    Verb,
    isCommand,
    isPassword,
    literally,
    parse,
    verbIn,
    verbNamed,
)
from tests.fuzz.commands import check
from tests.support.pages import ROOT
from tests.support.typed import texts as anyTexts

# The table of the protocol: what is typed, other names of it, and what it means.
ROWS: list[tuple[str, str, commands.Command]] = [
    ("/help", "/? /帮助", commands.Help()),
    ("/help who", "/? /帮助", commands.Help("who")),
    ("/nick bob", "/name /昵称", commands.Nick("bob")),
    ("/who", "/names /users /w /在线", commands.Who()),
    ("/who #dev", "/names /users /w /在线", commands.Who("#dev")),
    ("/me waves a lot", "/emote /动作", commands.Act("waves a lot")),
    ("/msg bob hi there", "/tell /m /私聊", commands.Tell("bob", "hi there")),
    ("/reply hi there", "/r /回复", commands.Reply("hi there")),
    ("/say /who is a command", "/说", commands.Say("/who is a command")),
    ("/join #dev", "/j /加入", commands.Join("#dev")),
    ("/join #dev secret", "/j /加入", commands.Join("#dev", "secret")),
    ("/part", "/leave /离开", commands.Part()),
    ("/part #dev so long", "/leave /离开", commands.Part("#dev", "so long")),
    ("/room #dev", "/切换", commands.Switch("#dev")),
    ("/rooms", "/list /聊天室", commands.Rooms()),
    ("/topic", "/主题", commands.Topic()),
    ("/topic Tea at five", "/主题", commands.Topic("Tea at five")),
    ("/invite bob", "/邀请", commands.Invite("bob")),
    ("/mode", "/模式", commands.Mode()),
    ("/mode private on", "/模式", commands.Mode("private", "on")),
    ("/op bob", "/设为房主", commands.Op("bob")),
    ("/deop bob", "/撤销房主", commands.Deop("bob")),
    ("/history", "/历史", commands.ShowHistory()),
    ("/history after 41 in #dev", "/历史", commands.ShowHistory(after=41, room="#dev")),
    ("/search tea in #dev from bob", "/find /搜索", commands.Search("tea", "#dev", "bob")),
    ("/register s3cret", "/注册", commands.Register("s3cret")),
    ("/login s3cret", "/登录", commands.Login("", "s3cret")),
    ("/login alice s3cret", "/登录", commands.Login("alice", "s3cret")),
    ("/password s3cret", "/passwd /密码", commands.Password("s3cret")),
    ("/unregister", "/删除账号", commands.Unregister()),
    ("/unregister alice", "/删除账号", commands.Unregister("alice")),
    ("/unregister mallory a rude name", "/删除账号", commands.Unregister("mallory", "a rude name")),
    ("/sessions", "/会话", commands.Sessions()),
    ("/sessions end 2", "/会话", commands.Sessions(2)),
    ("/ignore", "/忽略", commands.Ignore()),
    ("/ignore bob", "/忽略", commands.Ignore("bob")),
    ("/unignore bob", "/取消忽略", commands.Unignore("bob")),
    ("/away", "/暂离", commands.Away()),
    ("/away for lunch", "/暂离", commands.Away("for lunch")),
    ("/back", "/回来", commands.Back()),
    ("/whois bob", "/查询", commands.Whois("bob")),
    ("/timestamps on", "/时间", commands.Timestamps("on")),
    ("/bell mention", "/铃声", commands.Bell("mention")),
    ("/ping", "", commands.Ping()),
    ("/ping a token", "", commands.Ping("a token")),
    ("/lang", "/语言", commands.Lang()),
    ("/lang zh_CN", "/语言", commands.Lang("zh_CN")),
    ("/format text", "/格式", commands.Format("text")),
    ("/format json", "/格式", commands.Format("json")),
    ("/motd", "/公告", commands.Motd()),
    ("/uptime", "/运行时间", commands.ShowUptime()),
    ("/version", "/版本", commands.Version()),
    ("/kick bob enough", "/踢出", commands.Kick("bob", "enough")),
    ("/ban bob 2h enough", "/封禁", commands.Ban("bob", 7200, "enough")),
    ("/bans", "/封禁列表", commands.Bans()),
    ("/unban bob", "/解封", commands.Unban("bob")),
    ("/mute bob", "/禁言", commands.Mute("bob")),
    ("/unmute bob", "/解除禁言", commands.Unmute("bob")),
    ("/delete #dev spam", "/删除聊天室", commands.Delete("#dev", "spam")),
    ("/announce Tea at five", "/广播", commands.Announce("Tea at five")),
    ("/rename bob eve", "/改名", commands.Rename("bob", "eve")),
    ("/operator bob", "/管理员", commands.Operator("bob")),
    ("/rehash", "/重载", commands.Rehash()),
    ("/quit", "/exit /bye /退出", commands.Quit()),
    ("/quit so long", "/exit /bye /退出", commands.Quit("so long")),
]


@pytest.mark.parametrize(("line", "aliases", "command"), ROWS)
def test_tableOfTheProtocol(line: str, aliases: str, command: commands.Command) -> None:
    """Each verb under each of its names, in any case."""
    assert parse(line) == command
    name, *rest = line.split(" ", 1)
    for other in [name.upper(), name.title(), *aliases.split(), *aliases.upper().split()]:
        assert parse(" ".join([other, *rest])) == command


def test_theTableHasTheVerbsInTheOrderOfHelp() -> None:
    names = dict.fromkeys(line.split()[0] for line, _, _ in ROWS)
    assert [*names] == [f"/{verb.name}" for verb in VERBS]


def test_theDialogueHasEveryVerb() -> None:
    """C{tests/integration} has the conversation that a real service is held to."""
    dialogue = (ROOT / "tests/integration/dialogue.txt").read_text(encoding="utf-8")
    typed = re.findall(r"^\S+> (/\S+)", dialogue, re.MULTILINE)
    # These would change the form of everything after them.
    assert {verb.name for verb in VERBS} - {verbNamed(each).name for each in typed} == {
        "lang",
        "format",
    }


def _namesOf(verb: Verb) -> list[str]:
    return [verb.name, *verb.aliases]


def test_noNameTwice() -> None:
    names = [name for verb in VERBS for name in _namesOf(verb)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: str(verb.name))
def test_everyNameIsFound(verb: Verb) -> None:
    """With its slash or without, in any case."""
    for name in _namesOf(verb):
        assert verbNamed(name) is verb
        assert verbNamed("/" + name.upper()) is verb


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: str(verb.name))
def test_everyVerbHasOneLineOfHelp(verb: Verb) -> None:
    assert verb.help.isprintable()
    assert verb.help
    assert verb.usage.startswith(f"/{verb.name}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatAVerbIsCalledInALanguageIsOneOfItsNames(language: str) -> None:
    gettext = translation(language).gettext
    for verb in VERBS:
        assert verbNamed(gettext(verb.name)) is verb


# Whatever the brackets leave has to be there.
NEEDING = [verb for verb in VERBS if re.sub(r"\[.*\]", "", verb.arguments)]


@pytest.mark.parametrize("verb", NEEDING, ids=lambda verb: str(verb.name))
def test_missingArgument(verb: Verb) -> None:
    """The refusal shows how it is typed, by its own name."""
    for name in _namesOf(verb):
        for line in [f"/{name}", f"/{name} ", f"/{name}   ", f"/{name}\t"]:
            with pytest.raises(ArgumentMissing) as raised:
                parse(line)
            assert raised.value.about == verb.usage


def test_missingSecondArgument() -> None:
    for line in ["/msg bob", "/msg bob ", "/tell bob  \t"]:
        with pytest.raises(ArgumentMissing, match="/msg NAME TEXT"):
            parse(line)


@pytest.mark.parametrize(
    "line", ["/history x", "/mode loud", "/join #dev two words", "/sessions end x", "/op a b"]
)
def test_argumentThatCannotBeUnderstood(line: str) -> None:
    """The refusal shows how the verb is typed, without what was typed."""
    with pytest.raises(ArgumentInvalid) as raised:
        parse(line)
    assert raised.value.about == verbNamed(line.split()[0]).usage


@pytest.mark.parametrize("verb", [verb for verb in VERBS if not verb.arguments])
def test_aCommandWithoutArgumentsTakesNone(verb: Verb) -> None:
    """What is typed there may be what the user means it for."""
    with pytest.raises(ArgumentInvalid, match=verb.usage):
        parse(f"/{verb.name} mallory")


@pytest.mark.parametrize(
    "line", ["/register two words", "/login alice two words", "/password two words"]
)
def test_aPasswordIsOneWord(line: str) -> None:
    """A user who types more is not told so with their password."""
    with pytest.raises(ArgumentInvalid) as raised:
        parse(line)
    assert "words" not in str(raised.value)


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if verb not in NEEDING], ids=lambda verb: str(verb.name)
)
def test_otherArgumentsMayBeLeftOut(verb: Verb) -> None:
    """As the brackets in the help say."""
    assert parse(f"/{verb.name}") == parse(f"/{verb.name}  ")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/foo", "/foo"),
        ("/foo bar", "/foo"),
        ("/", "/"),
        ("/ who", "/"),
        ("/helpme", "/helpme"),
        ("/FOO", "/FOO"),
        ("/没有", "/没有"),
        ("/\x1b[31mfoo", "/foo"),
    ],
)
def test_unknown(line: str, name: str) -> None:
    """It is named as it was typed, made safe."""
    with pytest.raises(UnknownCommand) as raised:
        parse(line)
    assert raised.value.about == name


@pytest.mark.parametrize(
    "line", ["", " ", "   ", "\t", "\u3000", "\x00", "\x1b[2J", "\u200b \u3164"]
)
def test_nothingInIt(line: str) -> None:
    """An empty line and a blank one, and what is blank when it has been made safe."""
    assert parse(line) is None


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("hello", "hello"),
        ("hello /who", "hello /who"),
        ("  indented  ", "  indented  "),
        ("你好", "你好"),
        ("a\tb", "a b"),
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_said(line: str, text: str) -> None:
    """What does not begin with a slash is said as it is."""
    assert parse(line) == commands.Say(text)


@pytest.mark.parametrize(
    ("line", "text"),
    [("//who", "/who"), ("//", "/"), ("///", "//"), ("// a", "/ a"), ("//foo", "/foo")],
)
def test_twoSlashes(line: str, text: str) -> None:
    """They say a line that begins with one, whether or not there is such a verb."""
    assert parse(line) == commands.Say(text)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/me  waves  twice ", commands.Act("waves  twice")),
        ("/me\twaves", commands.Act("waves")),
        ("/msg  bob   hi  there ", commands.Tell("bob", "hi  there")),
        ("/msg\tbob\thi", commands.Tell("bob", "hi")),
        ("/nick  bob ", commands.Nick("bob")),
        ("/nick two words", commands.Nick("two words")),
        ("/quit\t", commands.Quit()),
        ("/me /who", commands.Act("/who")),
        ("/version\t ", commands.Version()),
    ],
)
def test_spacesAroundArguments(line: str, command: commands.Command) -> None:
    """Those within the text stay, and a tab is one."""
    assert parse(line) == command


def _textsOf(command: Any) -> list[str]:
    values = [getattr(command, field.name) for field in fields(command)]
    return [value for value in values if isinstance(value, str)]


_lines = st.text(max_size=20)
_anyName = st.sampled_from([f"/{name}" for verb in VERBS for name in _namesOf(verb)] + ["", "/"])


@given(_anyName, _lines)
def test_allTextIsMadeSafe(name: str, rest: str) -> None:
    """In every command, and in every refusal."""
    try:
        command = parse(f"{name} {rest}")
    except ChatError as error:
        texts = [error.about]
    else:
        texts = _textsOf(command) if command is not None else []
    for text in texts:
        assert clean(text) == text


@given(_lines)
@example(" /")
def test_slashIsTheOnlyWayToACommand(line: str) -> None:
    """It may be a wide one, or the mark that a Chinese keyboard has in its place."""
    if not clean(line).lstrip().startswith(("/", "\uff0f", "\u3001")):
        with suppress(CommandMeant):
            assert isinstance(parse(line), commands.Say | None)


@pytest.mark.parametrize(
    "line",
    [
        *(" /msg bob hi", "\u3000/msg bob hi", "／msg bob hi", "、私聊 bob hi"),
        *("/ｍｓｇ bob hi", "／ＭＳＧ\u3000bob\u3000hi", "、ｍｓｇ bob hi", "、MSG bob hi"),
    ],
)
def test_whatIsMeantForOneIsNotToldToAll(line: str) -> None:
    assert parse(line) == commands.Tell("bob", "hi")


# Each with a secret.
_SECRET = [
    *(
        "login alice s3cret",
        "LOGIN s3cret",
        "ｌｏｇｉｎ s3cret",
        "登录 s3cret",
        "login two words s3cret",
    ),
    *("register s3cret", "注册\u3000s3cret", "password s3cret", "密码 s3cret"),
    *("msg bob s3cret", "私聊 bob s3cret", "reply s3cret", "r s3cret"),
    *("join #dev s3cret", "mode key s3cret"),
]


@pytest.mark.parametrize("rest", _SECRET)
@pytest.mark.parametrize(
    "mark",
    [
        *(
            "、 ",
            "、\u3000",
            "、、",
            "、/",
            "､",
            "・",
            "・ ",
            "･",
            "·",
            "· ",
            "÷",
            "／ ",
            "/、",
            "/ ",
        ),
        *("\\", "\\ ", "\\\\", "＼", "¥", "￥", "₩", "⁄", "∕", " \\", "/\\"),
        *(".", "。", "．", ",", "，", "?", "？", "!", "！", ":", "：", ";", "；", "./", "?/"),
        *("//", "／／", "/／", " //", "///"),
        # Dead keys, and keys beside the slash or Enter.
        *("'/", "´/", "`/", "^/", "~/", "¨/", '"/', "´´/", "^／", " '/", "\u0301/"),
        *("]/", "-/", ">/", "|/", "#/", ".//", "../", "\ue000/"),
    ],
)
def test_aSecretIsNotSaidThoughTheSlashIsMistyped(mark: str, rest: str) -> None:
    """The refusal does not repeat it."""
    with pytest.raises((CommandMeant, UnknownCommand)) as raised:
        parse(mark + rest)
    assert "s3cret" not in raised.value.about
    assert isCommand(mark + rest)


@pytest.mark.parametrize(
    ("line", "about"),
    [
        *(("help", "/help"), ("HELP ", "/help"), ("?", "/help"), ("帮助", "/help")),
        *(("quit", "/quit"), ("Exit", "/quit"), ("logout", "/quit"), ("退出", "/quit")),
    ],
)
def test_aCommandWithoutItsSlashIsNotSaid(line: str, about: str) -> None:
    """Unless that is wanted, and unless there is more in the line."""
    for isSecret in (False, True):
        with pytest.raises(CommandMeant) as raised:
            parse(line, isSecret)
        assert raised.value.about == about
    assert isCommand(line)
    assert not isPassword(line)
    for said in (f"/say {line}", literally(line), f"{line}, please"):
        assert parse(said) == commands.Say(said.removeprefix("/say ").rstrip())


def test_noWordThatIsMeantAsACommandIsAPassword() -> None:
    assert max(map(len, COMMANDS)) < MIN_PASSWORD


@pytest.mark.parametrize(
    ("line", "about"),
    [
        ("、 login alice s3cret", "/login"),
        ("・密码 s3cret", "/password"),
        (".ｌｏｇｉｎ s3cret", "/login"),
        ("\\m bob s3cret", "/msg"),
    ],
)
def test_theRefusalNamesTheCommand(line: str, about: str) -> None:
    with pytest.raises(CommandMeant) as raised:
        parse(line)
    assert raised.value.about == about
    found = verbIn(line)
    assert found is not None
    assert found[0] is verbNamed(about)


@pytest.mark.parametrize(
    "line",
    [
        *("、 hello", "、你好", " hello", "a /msg bob hi", "、 登录页面坏了", "・login", "·密码"),
        *("・ who is there", "・join us", "... login failed", "...password reset", ". login x"),
        *(
            "! register today",
            "login alice s3cret",
            "ｌｏｇｉｎ alice s3cret",
            "- login page",
            '"r x',
        ),
        *("\\o/ reply x", "？", "、", "\\", ".m x"),
        *("'/login'", "'login x", "-> /login x", "(see /login x)", "~/src/login x", "'/who x"),
    ],
)
def test_whatIsNoCommand(line: str) -> None:
    """Punctuation begins ordinary lines as well, and without a mark every line is ordinary."""
    assert parse(line) == commands.Say(line)
    assert not isCommand(line)


# Lines that answer the question for a password.


@pytest.mark.parametrize(
    "password",
    [
        "open-sesame",
        "//open-sesame",
        "/／open",
        "／open",
        "、sesame",
        "/sesame",
        "/register",
        "/VERSION",
    ],
)
def test_aPasswordIsTakenAsItWasTyped(password: str) -> None:
    """And so it is the one that C{/register} and C{/login} take behind their names."""
    for line in (password, f" {password} "):
        assert parse(line, isSecret=True) == commands.Say(line)
    assert parse(f"/register {password}") == commands.Register(password)
    assert parse(f"/login alice {password}") == commands.Login("alice", password)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/nick bob", commands.Nick("bob")),
        (" ／login alice open-sesame", commands.Login("alice", "open-sesame")),
        ("/quit", commands.Quit()),
        ("、退出", commands.Quit()),
        ("/register open-sesame", commands.Register("open-sesame")),
        ("  ", None),
    ],
)
def test_whatCannotBeAPasswordIsACommandAsElsewhere(
    line: str, command: commands.Command | None
) -> None:
    assert parse(line, isSecret=True) == command == parse(line)


@given(st.text(max_size=20).map(clean).filter(lambda text: len(text.split()) == 1))
@example("/language")
def test_everyPasswordCanBeTypedWhereItIsAskedFor(text: str) -> None:
    word = text.strip()
    if len(word) >= MIN_PASSWORD:
        assert parse(word, isSecret=True) == commands.Say(word)


# Any line is a command or is refused.


@settings(max_examples=500)
@given(anyTexts)
@example("/\ufe0fnick x")
@example("/history after 9999999999999999")
@example("//\ufe0f")
@example("・\ufe0flogin a ")
@example("/、login a")
@example("、\u0301私聊 bob hi")
def test_anyLineIsACommandOrRefusedInCleanText(line: str) -> None:
    check(line)


def test_parsingIsLinear() -> None:
    """It would take minutes if the work for each word grew with all that follows it."""
    begun = process_time()
    for verb in VERBS:
        for word in ("a ", "in #a from b ", "1h", "9", "#", "/"):
            with suppress(ChatError):
                parse(f"/{verb.name} x {word * (50_000 // len(word))}")
    assert process_time() - begun < 30
