"""Tests for L{chat.session.signon}: how a session gets its user, and which it may get."""

from __future__ import annotations

from datetime import timedelta

import pytest
from twisted.internet.defer import Deferred

from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Entered,
    Excerpt,
    Greeted,
    Joined,
    Left,
    Listed,
    NickAsked,
    Parted,
    PasswordAsked,
    Ponged,
    Recalled,
    Refused,
    Renamed,
    Said,
    Sent,
    SessionsChanged,
    Talking,
    Told,
    UserRow,
    Warned,
    Welcomed,
)
from chat.vocabulary.records import Account
from tests.support.hubs import AT, now
from tests.support.sessions import LOGGED_IN, PASSWORD, SessionStage, SessionUser

WRONG = "open-seasame"


@pytest.fixture
def stage() -> SessionStage:
    """
    A service on which alice has an account, and which replays nothing.
    """
    stage = SessionStage(replay=0, operators=["carol"])
    stage.registered("alice").says("/quit")
    return stage


# A nickname with an account.


@pytest.mark.parametrize("line", ["alice", " ALICE ", "/nick alice"])
def test_aRegisteredNicknameNeedsItsPassword(stage: SessionStage, line: str) -> None:
    user = stage.user()
    assert user.hears(line) == [Refused("nick-registered", "alice"), PasswordAsked("alice")]
    assert user.hears(PASSWORD) == [LOGGED_IN, Welcomed("#lobby", "alice")]


@pytest.mark.parametrize("line", ["/login alice {}", "/LOGIN Alice  {}", "/登录 alice {}"])
def test_aUserMayLogInAtOnce(stage: SessionStage, line: str) -> None:
    assert stage.user().hears(line.format(PASSWORD)) == [LOGGED_IN, Welcomed("#lobby", "alice")]


def test_aChallengedUserNeedNotRepeatTheNickname(stage: SessionStage) -> None:
    user = stage.user("alice")
    assert user.hears(f"/login {PASSWORD}")[0] == LOGGED_IN


def test_loggingInNeedsANickname(stage: SessionStage) -> None:
    assert stage.user().hears(f"/login {PASSWORD}") == [
        Refused("argument-missing", "/login [NAME] PASSWORD")
    ]


@pytest.mark.parametrize(
    "password", ["//open-sesame", "/register", "/version", "、sesame-1", "／ｎick-ok"]
)
def test_aPasswordIsTheSameWhereverItIsTyped(stage: SessionStage, password: str) -> None:
    """It may look like a command, or like a line that begins with a slash."""
    stage.user("alice", PASSWORD, f"/password {password}", "/quit")
    assert stage.user("alice").hears(password)[0] == LOGGED_IN
    assert stage.user("alice").hears(f"  {password} ")[0] == LOGGED_IN
    assert stage.user("alice").hears(f"/login {password}")[0] == LOGGED_IN
    assert stage.user().hears(f"/login alice {password}")[0] == LOGGED_IN


def test_theQuestionForAPasswordMayBeLeft(stage: SessionStage) -> None:
    """Not by an empty line, or a password behind one would be taken for a nickname."""
    user = stage.user("alice")
    assert user.hears("", " ") == []
    assert user.hears("/who") == [Refused("nick-needed")]
    assert user.hears("/nick bob") == [Welcomed("#lobby", "bob")]


def test_aMistypedPasswordMayBeTypedAgain(stage: SessionStage) -> None:
    bob = stage.user("bob")
    user = stage.user("alice")
    for line in (WRONG, f"/login {WRONG}", f" {WRONG} "):
        assert user.hears(line) == [Refused("wrong-password", "alice"), PasswordAsked("alice")]
    assert user.hears(PASSWORD)[0] == LOGGED_IN
    # No password has become a nickname.
    assert bob.heard() == [Joined("#lobby", AT, "alice", 2)]


def test_aPasswordThatIsNotLookedAtIsStillExpected(stage: SessionStage) -> None:
    """Typed again it must not become a nickname, which all users would read."""
    carol = stage.registered("carol")
    user = stage.user("alice")
    carol.says("/ban alice")
    carol.heard()
    for line in (PASSWORD, PASSWORD):
        assert user.hears(line) == [Refused("banned", by="carol"), PasswordAsked("alice")]
    assert carol.heard() == []
    assert user.hears("/nick dave") == [Welcomed("#lobby", "dave", ("carol",))]


def test_aChallengedUserMayAskForAnotherNickname(stage: SessionStage) -> None:
    user = stage.user("alice", WRONG)
    assert user.hears("/nick bob") == [Welcomed("#lobby", "bob")]


def test_thePasswordIsForTheNicknameAskedForLast(stage: SessionStage) -> None:
    now(stage.server.accounts.create("bob", "another"[::-1]))
    user = stage.user("alice", "/nick bob")
    assert user.hears("another") == [Done("logged-in", "bob"), Welcomed("#lobby", "bob")]


@pytest.mark.parametrize(
    ("nick", "code"), [("bob", "nick-taken"), ("b!d", "nick-invalid"), ("mallory", "banned")]
)
def test_aChallengeLastsUntilANicknameIsGiven(stage: SessionStage, nick: str, code: str) -> None:
    """Whether the other one is refused at once or later."""
    stage.registered("carol").says("/ban mallory", "/quit")
    [bob] = stage.users("bob")
    user = stage.user("alice")
    refused, asked = user.hears(f"/nick {nick}")
    assert isinstance(refused, Refused)
    assert (refused.code, asked) == (code, PasswordAsked("alice"))
    assert user.hears(PASSWORD) == [LOGGED_IN, Welcomed("#lobby", "alice", ("bob",))]
    assert bob.heard() == [Joined("#lobby", AT, "alice", 2)]


@pytest.mark.parametrize("name", ["alice", "nobody"])
@pytest.mark.parametrize("lines", [(), ("alice",)])
def test_aFailedLoginAsksForThatPassword(
    stage: SessionStage, lines: tuple[str, ...], name: str
) -> None:
    """Typed again without the command it must not become a nickname; and no answer tells
    whether there is such an account."""
    user = stage.user(*lines)
    asked = [Refused("wrong-password", name), PasswordAsked(name)]
    assert user.hears(f"/login {name} {WRONG}") == asked
    assert user.hears(WRONG) == asked
    assert user.hears("/nick bob") == [Welcomed("#lobby", "bob")]


def test_aChallengedUserMayUseOtherCommands(stage: SessionStage) -> None:
    user = stage.user("alice", "/lang zh_CN", "/ping")
    assert user.hears("/me waves") == [Refused("nick-needed")]
    assert user.hears(PASSWORD)[0] == LOGGED_IN


def test_anUnknownAccountIsRefusedLikeAWrongPassword(stage: SessionStage) -> None:
    refused = stage.user().hears(f"/login bob {PASSWORD}")
    assert refused == [Refused("wrong-password", "bob"), PasswordAsked("bob")]


def test_aLoginTellsOfWrongPasswordsSinceTheLastOne(stage: SessionStage) -> None:
    account = stage.server.accounts.named("alice")
    assert account is not None
    for origin in ("198.51.100.7", "198.51.100.8", "192.0.2.1"):
        stage.server.guessed("alice", origin)
    # Without the slip of the user, from their own address.
    warned = Warned("password-guessed", "2/2")
    alice = stage.user("alice")
    assert alice.hears(PASSWORD) == [LOGGED_IN, warned, Welcomed("#lobby", "alice")]
    assert alice.hears("/quit", "/quit") == [Closed(Ending.QUIT)]
    stage.server.guessed("alice", "198.51.100.7")
    bob = stage.user("bob")
    assert Warned("password-guessed", "1/1") in bob.hears(f"/login alice {PASSWORD}")
    assert stage.user("alice").hears(PASSWORD)[:2] == [LOGGED_IN, Welcomed("#lobby", "alice")]


def test_aLoginTellsOfTheLastOne(stage: SessionStage) -> None:
    """The session that logs in, and nobody else."""
    bob, first = stage.user("bob"), stage.user("alice", PASSWORD)
    stage.forget()
    there = stage.user("alice", address="198.51.100.7")
    last = Done("last-login", f"{AT.date()} 192.0.2.1")
    assert there.hears(PASSWORD)[:2] == [LOGGED_IN, last]
    # What was today and from here is no news.
    assert LOGGED_IN in there.hears(f"/login {PASSWORD}")
    assert bob.heard() == []
    assert last not in first.heard()
    elsewhere = Done("last-login", f"{AT.date()} 198.51.100.7")
    assert bob.hears(f"/login alice {PASSWORD}")[:2] == [LOGGED_IN, elsewhere]
    there.says("/quit")
    stage.clock.advance(86400)
    assert stage.user("alice").hears(PASSWORD)[:2] == [LOGGED_IN, last]
    # A peer of whom nothing is known is told, and not kept.
    strangers = stage.user("alice", address="unix#7")
    today = Done("last-login", f"{stage.now.date()} 192.0.2.1")
    assert today in strangers.hears(PASSWORD)
    assert today not in stage.user("alice").hears(PASSWORD)


@pytest.mark.parametrize("nick", ["", "bob"])
def test_anAttemptIsGivenUpWithItsSession(
    stage: SessionStage, monkeypatch: pytest.MonkeyPatch, nick: str
) -> None:
    """So that others behind it need not wait for it."""
    given: list[Deferred[Account]] = []
    asked: Deferred[Account] = Deferred(given.append)
    monkeypatch.setattr(stage.authenticator, "login", lambda *_: asked)
    user = stage.user(*filter(None, [nick]))
    user.says(f"/login alice {PASSWORD}")
    assert given == []
    user.session.gone(Ending.CONNECTION_LOST)
    assert given == [asked]
    assert stage.server.counters.faults == 0
    # Another one is not given up when it is over.
    assert stage.user("carol").session.reason == ""


def test_theRegistrationTimeoutIncludesThePassword(stage: SessionStage) -> None:
    user = stage.user("alice")
    stage.clock.advance(60)
    assert user.heard() == [Closed(Ending.REGISTRATION_TIMEOUT)]


def test_aGuestMayNotTakeARegisteredNickname(stage: SessionStage) -> None:
    bob = stage.user("bob")
    robot = stage.program("robot")
    refused = Refused("nick-registered", "alice")
    assert bob.hears("/nick alice")[-2:] == [refused, PasswordAsked("alice", "bob")]
    # The next line of a program is for the room.
    assert robot.hears("/nick alice")[-2:] == [refused, Warned("said-aloud", "alice")]
    robot.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "robot", "hello")]


def test_loginWithNothingButANameAsksForThePassword(stage: SessionStage) -> None:
    """The name of another account is no password of the user's own."""
    alice = stage.registered("alice")
    user, robot, bob = stage.user(), stage.program("robot"), stage.registered("bob")
    refused = Refused("nick-registered", "alice")
    assert user.hears("/login nobody")[-1].code == "argument-missing"  # type: ignore[union-attr]
    assert user.hears("/login ALICE") == [refused, PasswordAsked("alice")]
    assert robot.hears("/login alice") == [refused, Warned("said-aloud", "alice")]
    assert bob.hears("/login alice") == [refused, PasswordAsked("alice", "bob")]
    # Asked for a password, it is one, and nothing else is known to be a name.
    assert bob.hears("/login alice")[0] == Refused("wrong-password", "alice")
    assert robot.hears("/login nobody")[0] == Refused("wrong-password", "robot")
    assert alice.hears("/login alice")[0] == Refused("wrong-password", "alice")


@pytest.mark.parametrize("ask", ["/nick ALICE", f"/login alice {WRONG}"])
def test_aPasswordIsNotSaidInTheRoom(stage: SessionStage, ask: str) -> None:
    """Nor is one that is mistyped."""
    bob, dave = stage.users("bob", "dave")
    asked = PasswordAsked("alice", "bob")
    assert bob.hears(ask)[-1] == asked
    assert bob.hears(WRONG, f"/login {WRONG}") == 2 * [Refused("wrong-password", "alice"), asked]
    # Commands are carried out.
    assert bob.hears("/ping me") == [Ponged("me")]
    assert dave.heard() == []
    assert LOGGED_IN in bob.hears(PASSWORD)
    assert dave.heard() == [Renamed("#lobby", AT, "bob", "alice")]
    bob.says("hello")
    assert dave.heard() == [Said("#lobby", 1, AT, "alice", "hello")]


@pytest.mark.parametrize("nick", ["bob", "BOB", "bobby"])
def test_whoIsAskedForAPasswordMayStayWhoTheyAre(stage: SessionStage, nick: str) -> None:
    bob, dave = stage.users("bob", "dave")
    bob.says("/nick alice", f"/nick {nick}")
    dave.heard()
    bob.says("hello")
    assert dave.heard() == [Said("#lobby", 1, AT, nick, "hello")]


def test_stayingWhoOneIsIsNoMistake(stage: SessionStage) -> None:
    """It is what the question names as the way out; without a question nothing changes."""
    bob = stage.user("bob")
    assert bob.hears("/nick alice")[-1] == PasswordAsked("alice", "bob")
    assert bob.hears("/nick bob") == [Done("nick-kept", "bob")]
    assert bob.hears("/nick bob") == [Refused("nick-unchanged", "bob")]


def test_aPasswordIsExpectedUntilThereIsAnAnswer(stage: SessionStage) -> None:
    """Whatever is refused meanwhile."""
    bob, dave = stage.users("bob", "dave")
    bob.says("/nick alice", "/nick dave", "/nick 1", "/login alice", "/unknown")
    assert bob.hears(WRONG)[0] == Refused("wrong-password", "alice")
    assert dave.heard() == []


@pytest.mark.parametrize(
    "nick", ["help", "QUIT", "帮助", "Admin", "adrnin", "ADMlN", "管理员", "root", "boss"]
)
def test_aReservedNicknameIsRefused(nick: str) -> None:
    stage = SessionStage(reserved=("Boss",))
    user = stage.user()
    assert user.hears(f"/nick {nick}") == [Refused("nick-reserved", nick)]
    user.says("bob")
    assert user.hears(f"/nick {nick}")[-1] == Refused("nick-reserved", nick)


@pytest.mark.parametrize(("line", "command"), [("help", "/help"), ("，login bob x", "/login")])
def test_howToSayAWordIsToldWhereItCanBeSaid(stage: SessionStage, line: str, command: str) -> None:
    """Not at the question for a nickname or a password."""
    stage.registered("alice").says("/quit")
    user = stage.user()
    assert user.hears(line) == [Refused("slash-missing", command)]
    user.says("alice")
    assert user.hears(line) == [Refused("slash-missing", command)]
    user.says("/nick bob")
    assert user.hears(line) == [Refused("command-meant", command)]
    user.says("/nick alice")
    assert user.hears(line) == [Refused("slash-missing", command)]


def test_aReservedNicknameIsForOperatorsAndItsAccount(stage: SessionStage) -> None:
    carol = stage.registered("carol")
    bob = stage.user("bob")
    assert carol.hears("/nick admin") == [Renamed("#lobby", AT, "carol", "admin")]
    carol.says("/nick carol", "/rename bob root")
    assert bob.hears(f"/register {PASSWORD}")[-1] == Done("registered", "root")
    assert bob.hears("/nick bob", "/nick root")[-1] == Renamed("#lobby", AT, "bob", "root")
    bob.says("/quit")
    assert stage.user("root").hears(PASSWORD)[0] == Done("logged-in", "root")


def test_anAppointedOperatorMayHaveAReservedNickname(stage: SessionStage) -> None:
    """Before they have registered."""
    stage.server.accounts.appointed = frozenset({"admin"})
    assert stage.user().hears("admin") == [Welcomed("#lobby", "admin")]


def test_aRegisteredUserMayChangeTheNicknameAndBack(stage: SessionStage) -> None:
    alice = stage.user("alice", PASSWORD)
    assert alice.hears("/nick Robert", "/nick ALICE") == [
        Renamed("#lobby", AT, "alice", "Robert"),
        Renamed("#lobby", AT, "Robert", "ALICE"),
    ]


# Eviction.


def guestNamedAlice(stage: SessionStage) -> SessionUser:
    """
    @return: A guest who has the nickname alice.
    """
    guest = stage.user("dave")
    stage.hub.rename(stage.hub.nicknames.named("dave"), "alice")
    stage.forget()
    return guest


def test_loggingInEvictsAGuestWithTheNickname(stage: SessionStage) -> None:
    bob = stage.user("bob")
    dave = guestNamedAlice(stage)
    alice = stage.user()
    bob.heard()
    assert alice.hears(f"/login alice {PASSWORD}") == [
        Done("took-over", "alice"),
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("bob",)),
    ]
    assert dave.heard() == [Closed(Ending.EVICTED, by="alice")]
    assert dave.isClosed
    assert bob.heard() == [
        Left("#lobby", AT, "alice", Ending.EVICTED, "", 1, "alice"),
        Joined("#lobby", AT, "alice", 2),
    ]


def test_aGuestWhoLogsInEvictsAnotherWithTheNickname(stage: SessionStage) -> None:
    bob = stage.user("bob")
    dave = guestNamedAlice(stage)
    assert bob.hears(f"/login alice {PASSWORD}") == [
        Left("#lobby", AT, "alice", Ending.EVICTED, "", 1, "alice"),
        Done("took-over", "alice"),
        Renamed("#lobby", AT, "bob", "alice"),
        LOGGED_IN,
    ]
    assert dave.heard() == [Closed(Ending.EVICTED, by="alice")]


def test_noGuestIsEvictedIfTheOwnerLeavesMeanwhile(stage: SessionStage) -> None:
    dave = guestNamedAlice(stage)
    stage.authenticator.isSlow = True
    alice = stage.user(f"/login alice {PASSWORD}")
    alice.session.end(Ending.SHUTDOWN)
    stage.authenticator.decide()
    assert dave.heard() == []
    assert not dave.isClosed


# Moving to an account.


def test_aGuestWhoLogsInIsRenamed(stage: SessionStage) -> None:
    bob, dave = stage.users("bob", "dave")
    bob.says("/join #dev")
    dave.says("/join #dev")
    stage.forget()
    renamed = [Renamed(room, AT, "bob", "alice") for room in ("#lobby", "#dev")]
    assert bob.hears(f"/login alice {PASSWORD}") == [*renamed, LOGGED_IN]
    assert dave.heard() == renamed


def test_aGuestWhoLogsInJoinsTheUserWhoIsHere(stage: SessionStage) -> None:
    alice = stage.user("alice", PASSWORD, "/join #dev")
    bob, dave = stage.users("bob", "dave")
    bob.says("/join #ops")
    stage.forget()
    assert bob.hears(f"/login alice {PASSWORD}") == [
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("dave",)),
        Entered("#dev"),
    ]
    assert alice.heard() == [SessionsChanged(2), Left("#lobby", AT, "bob", Ending.MOVED, "", 2)]
    assert dave.heard() == [Left("#lobby", AT, "bob", Ending.MOVED, "", 2)]
    assert dave.hears("/msg bob psst") == [Refused("no-such-nick", "bob")]
    dave.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "dave", "hello")]
    alice.says("/quit")
    assert dave.heard() == []
    bob.says("/quit")
    assert dave.heard() == [Left("#lobby", AT, "alice", Ending.QUIT, "", 1)]


def test_aSessionMayMoveToAnotherAccount(stage: SessionStage) -> None:
    bob, dave = stage.registered("bob"), stage.user("dave")
    other = stage.user(f"/login bob {PASSWORD}")
    stage.forget()
    assert other.hears(f"/login alice {PASSWORD}") == [
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("bob", "dave")),
    ]
    assert bob.heard() == [SessionsChanged(1), Joined("#lobby", AT, "alice", 3)]
    assert dave.heard() == [Joined("#lobby", AT, "alice", 3)]


def test_theLastSessionOfAnAccountMayMoveToAnother(stage: SessionStage) -> None:
    bob, dave = stage.registered("bob"), stage.user("dave")
    assert bob.hears(f"/login alice {PASSWORD}") == [
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("dave",)),
    ]
    assert dave.heard() == [
        Left("#lobby", AT, "bob", Ending.MOVED, "", 1),
        Joined("#lobby", AT, "alice", 2),
    ]


def test_loggingInAgainChangesNothing(stage: SessionStage) -> None:
    alice = stage.user("alice", PASSWORD)
    assert alice.hears(f"/login {PASSWORD}") == [LOGGED_IN]
    assert alice.hears(f"/login {WRONG}")[0] == Refused("wrong-password", "alice")
    alice.hears("/nick alice")
    assert alice.hears("/sessions")[0].sessions[0].this  # type: ignore[union-attr]


def test_aWrongPasswordChangesNothing(stage: SessionStage) -> None:
    bob, dave = stage.users("bob", "dave")
    assert bob.hears(f"/login alice {WRONG}")[0] == Refused("wrong-password", "alice")
    bob.says("/nick bob", "hello")
    assert dave.heard() == [Said("#lobby", 1, AT, "bob", "hello")]


# Bans.


def test_aBannedNameIsRefused(stage: SessionStage) -> None:
    stage.registered("carol").says("/ban bob 10m spam", "/ban alice")
    user, until = stage.user(), AT + timedelta(minutes=10)
    assert user.hears("Bob") == [Refused("banned", "spam", by="carol", until=until)]
    assert user.hears("alice") == [Refused("banned", by="carol")]
    assert user.hears(f"/login alice {PASSWORD}") == [
        Refused("banned", by="carol"),
        PasswordAsked("alice"),
    ]
    assert user.hears("/nick dave") == [Welcomed("#lobby", "dave", ("carol",))]
    assert user.hears("/nick bob") == [Refused("banned", "spam", by="carol", until=until)]
    stage.clock.advance(600)
    assert user.hears("/nick bob") == [Renamed("#lobby", stage.now, "dave", "bob")]


def test_aBannedNameIsRefusedBeforeThePasswordIsChecked(stage: SessionStage) -> None:
    stage.registered("carol").says("/ban alice")
    stage.authenticator.isSlow = True
    user = stage.user()
    assert user.hears("/login ALICE anything") == [
        Refused("banned", by="carol"),
        PasswordAsked("ALICE"),
    ]


def test_aBannedAddressIsRefused(stage: SessionStage) -> None:
    stage.registered("carol").says("/ban 198.51.100.0/24 10m spam")
    user = stage.connect("198.51.100.7")
    user.session.opened()
    assert user.heard() == [
        Closed(Ending.BANNED, "spam", by="carol", until=AT + timedelta(minutes=10))
    ]
    assert user.isClosed
    stage.clock.advance(600)
    again = stage.connect("198.51.100.7")
    again.session.opened()
    assert again.heard() == [Greeted("tcpchat", 1), NickAsked()]


def test_aBannedAddressMayBecomeKnownAfterTheGreeting(stage: SessionStage) -> None:
    stage.registered("carol").says("/ban 198.51.100.7")
    user = stage.user(address="")
    user.address = "198.51.100.7"
    assert user.hears("bob") == [Refused("banned", by="carol")]
    assert user.hears(f"/login alice {PASSWORD}") == [
        Refused("banned", by="carol"),
        PasswordAsked("alice"),
    ]


def test_aBanAppliesWhileThePasswordIsChecked(stage: SessionStage) -> None:
    carol = stage.registered("carol")
    stage.authenticator.isSlow = True
    alice = stage.user(f"/login alice {PASSWORD}")
    carol.says("/ban alice spam")
    stage.authenticator.decide()
    assert alice.heard() == [Refused("banned", "spam", by="carol"), PasswordAsked("alice")]


# Several sessions of one user.


def test_twoSessionsOfAnAccountAreOneUser(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user()
    assert second.hears(f"/login alice {PASSWORD}") == [
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("bob",)),
    ]
    assert first.heard() == [SessionsChanged(2)]
    assert bob.heard() == []
    assert bob.hears("/who") == [Listed("#lobby", (UserRow("alice"), UserRow("bob")))]
    assert len(stage.hub.nicknames) == 2


def test_theGreetingCountsUsers(stage: SessionStage) -> None:
    for _ in range(2):
        stage.user("alice", PASSWORD)
    user = stage.connect()
    user.session.opened()
    assert user.heard() == [Greeted("tcpchat", 1), NickAsked()]


def test_aSessionHearsWhatTheOtherSays(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    second.says("hello", "/msg bob psst")
    said, sent = Said("#lobby", 1, AT, "alice", "hello"), Sent(AT, "alice", "bob", "psst")
    assert first.heard() == [said, sent]
    assert second.heard() == [sent]
    assert bob.heard() == [said, Told(AT, "alice", "bob", "psst")]


def test_aSessionComesIntoAllRoomsOfItsUser(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    bob.says("/join #dev", "/topic tools")
    first.says("/join #dev")
    second = stage.user("/format json")
    assert second.hears(f"/login alice {PASSWORD}")[1:] == [
        Welcomed("#lobby", "alice", ("bob",)),
        Listed("#lobby", (UserRow("alice"), UserRow("bob"))),
        Entered("#dev", ("bob",), "tools"),
        Listed("#dev", (UserRow("bob"), UserRow("alice"))),
    ]
    stage.forget()
    bob.says("hello")
    assert second.heard() == [Said("#dev", 1, AT, "bob", "hello")]


def test_eachSessionTalksInItsOwnRoom(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    assert first.hears("/join #dev") == [Entered("#dev"), Talking("#dev")]
    assert second.heard() == [Entered("#dev")]
    bob.says("/join #dev")
    stage.forget()
    first.says("here")
    second.says("there")
    assert bob.heard() == [
        Said("#dev", 1, AT, "alice", "here"),
        Said("#lobby", 1, AT, "alice", "there"),
    ]
    assert second.hears("/room #dev") == [Talking("#dev")]


def test_aRoomIsLeftByAllSessions(stage: SessionStage) -> None:
    first = stage.user("alice", PASSWORD, "/join #dev")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    assert first.hears("/part #dev") == [Parted("#dev", Ending.PARTED), Talking("#lobby")]
    assert second.heard() == [Parted("#dev", Ending.PARTED)]


def test_aSecondSessionBringsTheFirstIntoTheLobby(stage: SessionStage) -> None:
    first = stage.user("/format json", "alice", PASSWORD, "/part")
    second = stage.user()
    first.heard()
    assert second.hears(f"/login alice {PASSWORD}") == [LOGGED_IN, Welcomed("#lobby", "alice")]
    assert first.heard() == [
        SessionsChanged(2),
        Entered("#lobby"),
        Talking("#lobby"),
        Listed("#lobby", (UserRow("alice"),)),
    ]
    assert first.hears("hello") == [Said("#lobby", 1, AT, "alice", "hello")]


def test_aSessionInNoRoomTalksWhereAnotherSessionJoins(stage: SessionStage) -> None:
    first = stage.user("alice", PASSWORD)
    second = stage.user(f"/login alice {PASSWORD}", "/part")
    stage.forget()
    first.says("/join #dev")
    assert second.heard() == [Entered("#dev"), Talking("#dev")]


def test_oneOfTwoSessionsMayQuit(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    assert first.hears("/quit bye") == [Closed(Ending.QUIT)]
    assert second.heard() == [SessionsChanged(1)]
    assert bob.heard() == []
    second.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "alice", "hello")]
    assert first.heard() == []
    second.says("/quit bye")
    assert bob.heard() == [Left("#lobby", AT, "alice", Ending.QUIT, "bye", 1)]


def test_allSessionsHaveTheSameNickname(stage: SessionStage) -> None:
    first = stage.user("alice", PASSWORD)
    second = stage.user(f"/login alice {PASSWORD}")
    first.heard()
    assert second.hears("/nick robert") == [Renamed("#lobby", AT, "alice", "robert")]
    assert first.heard() == [Renamed("#lobby", AT, "alice", "robert")]
    third = stage.user()
    assert third.hears(f"/login alice {PASSWORD}") == [
        Done("logged-in", "alice"),
        Welcomed("#lobby", "robert"),
    ]


# Waiting for the password.


def test_linesWaitWhileThePasswordIsChecked(stage: SessionStage) -> None:
    bob = stage.user("bob")
    stage.authenticator.isSlow = True
    alice = stage.user("alice", PASSWORD, "hello")
    assert alice.heard() == bob.heard() == []
    stage.authenticator.decide()
    assert alice.heard() == [LOGGED_IN, Welcomed("#lobby", "alice", ("bob",))]
    assert bob.heard() == [
        Joined("#lobby", AT, "alice", 2),
        Said("#lobby", 1, AT, "alice", "hello"),
    ]


@pytest.mark.parametrize("lines", [("alice", PASSWORD), (f"/login alice {PASSWORD}",)])
@pytest.mark.parametrize("isGone", [False, True])
def test_aLoginIsGivenUpWhenTheSessionEnds(
    stage: SessionStage, lines: tuple[str, ...], isGone: bool
) -> None:
    bob = stage.user("bob")
    stage.authenticator.isSlow = True
    alice = stage.user(*lines)
    if isGone:
        alice.session.gone(Ending.CONNECTION_LOST)
    else:
        alice.session.end(Ending.SHUTDOWN)
        assert alice.heard() == [Closed(Ending.SHUTDOWN)]
    stage.authenticator.decide()
    assert alice.heard() == bob.heard() == []
    assert len(stage.hub.nicknames) == 1
    stage.authenticator.isSlow = False
    assert stage.user(*lines, "/ping").heard() == []
    assert bob.heard() == []
    assert len(stage.hub.nicknames) == 2


def test_aGuestWhoLeavesDuringTheLoginIsNotRenamed(stage: SessionStage) -> None:
    bob, dave = stage.users("bob", "dave")
    stage.authenticator.isSlow = True
    bob.says(f"/login alice {PASSWORD}")
    bob.session.end(Ending.IDLE_TIMEOUT)
    bob.heard()
    stage.authenticator.decide()
    assert bob.heard() == []
    assert dave.heard() == [Left("#lobby", AT, "bob", Ending.IDLE_TIMEOUT, "", 1)]
    assert len(stage.hub.nicknames) == 1


def test_twoSessionsMayLogInAtTheSameTime(stage: SessionStage) -> None:
    stage.authenticator.isSlow = True
    first, second = (stage.user(f"/login alice {PASSWORD}") for _ in range(2))
    stage.authenticator.decide()
    assert first.heard() == [LOGGED_IN, Welcomed("#lobby", "alice"), SessionsChanged(2)]
    assert second.heard() == [LOGGED_IN, Welcomed("#lobby", "alice")]
    assert len(stage.hub.nicknames) == 1


# Waiting for the history.


@pytest.fixture
def past() -> SessionStage:
    """
    A service in whose lobby alice has said something before.
    """
    stage = SessionStage(operators=["carol"])
    stage.registered("alice").says("hello", "/quit")
    return stage


REPLAY = [Excerpt("#lobby", "replay", 1, False, 1), Recalled("#lobby", 1, AT, "alice", "hello")]


@pytest.mark.parametrize("lines", [("bob",), (f"/login alice {PASSWORD}",)])
def test_theReplayComesWithTheWelcome(past: SessionStage, lines: tuple[str, ...]) -> None:
    history = past.slowHistory()
    user = past.user(*lines, "/ping")
    assert user.heard() == []
    assert len(past.hub.nicknames) == 0
    history.isSlow = False
    history.decide()
    told = user.heard()
    assert isinstance(told[-4], Welcomed)
    assert told[-3:-1] == REPLAY


@pytest.mark.parametrize("lines", [("bob",), (f"/login alice {PASSWORD}",)])
def test_noUserComesInWhoLeavesBeforeTheHistoryAnswers(
    past: SessionStage, lines: tuple[str, ...]
) -> None:
    dave = past.user("dave")
    history = past.slowHistory()
    user = past.user(*lines)
    user.session.end(Ending.SHUTDOWN)
    user.heard()
    history.decide()
    assert user.heard() == dave.heard() == []
    assert len(past.hub.nicknames) == 1


def test_twoSessionsMayWaitForTheSameNickname(past: SessionStage) -> None:
    history = past.slowHistory()
    first, second = past.users("bob", "bob")
    history.isSlow = False
    history.decide()
    assert first.heard()[0] == Welcomed("#lobby", "bob")
    assert second.heard() == [Refused("nick-taken", "bob")]


def test_aNicknameMayBeRegisteredMeanwhile(past: SessionStage) -> None:
    history = past.slowHistory()
    user = past.user("bob")
    past.server.accounts.create("bob", PASSWORD[::-1])
    history.isSlow = False
    history.decide()
    assert user.heard() == [Refused("nick-registered", "bob"), PasswordAsked("bob")]
    assert user.hears(PASSWORD)[0] == Done("logged-in", "bob")


def test_aSessionHearsNothingBeforeItsWelcome(past: SessionStage) -> None:
    first, bob = past.user(f"/login alice {PASSWORD}"), past.user("bob")
    history = past.slowHistory()
    second = past.user(f"/login alice {PASSWORD}")
    history.isSlow = False
    first.says("/join #dev")
    bob.says("/join #dev", "hi", "/msg alice psst")
    assert second.heard() == []
    history.decide()
    assert [type(event) for event in second.heard()[:3]] == [Done, Welcomed, Entered]
    bob.heard()
    bob.says("there")
    assert second.heard() == [Said("#dev", 2, AT, "bob", "there")]
    second.says("/quit")
    assert not isinstance(first.heard()[-1], Closed)


def test_aGuestOnTheWayInGivesWayToTheAccount(past: SessionStage) -> None:
    history = past.slowHistory()
    bob = past.user("bob")
    past.server.accounts.create("bob", PASSWORD[::-1])
    owner = past.user(f"/login bob {PASSWORD}")
    history.isSlow = False
    history.decide()
    assert owner.heard()[0] == Done("logged-in", "bob")
    assert bob.heard() == [Refused("nick-registered", "bob"), PasswordAsked("bob")]


def test_anAccountMayBeGivenUpDuringALogin(past: SessionStage) -> None:
    first = past.user(f"/login alice {PASSWORD}")
    history = past.slowHistory()
    second = past.user(f"/login alice {PASSWORD}")
    first.says("/unregister alice")
    history.decide()
    assert second.heard() == [Refused("wrong-password", "alice"), PasswordAsked("alice")]


def test_aBanAppliesWhileTheHistoryAnswers(past: SessionStage) -> None:
    carol = past.registered("carol")
    history = past.slowHistory()
    bob, alice = past.user("bob"), past.user(f"/login alice {PASSWORD}")
    carol.says("/ban bob", "/ban alice spam")
    history.decide()
    assert bob.heard() == [Refused("banned", by="carol")]
    assert alice.heard() == [Refused("banned", "spam", by="carol"), PasswordAsked("alice")]
