"""Tests for L{chat.session.handlers.moderation}."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.logger import capturedLogs, formatEvent

from chat.session.handlers.rooms import MAX_ROWS
from chat.vocabulary.commands import Access
from chat.vocabulary.events import (
    Announced,
    BanRow,
    BansListed,
    Closed,
    Done,
    Ending,
    Excerpt,
    Left,
    Parted,
    Ponged,
    Refused,
    Renamed,
    Said,
    SessionsChanged,
    Talking,
    TopicShown,
    Warned,
)
from chat.vocabulary.verbs import VERBS
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage, SessionUser, shortestLine

REFUSED = [Refused("operator-needed")]


@pytest.fixture
def stage() -> SessionStage:
    return SessionStage(operators=["carol"], idleTimeout=0.0, replay=0)


@pytest.fixture
def carol(stage: SessionStage) -> SessionUser:
    """
    An operator.
    """
    return stage.registered("carol")


# Operators alone.


def test_onlyOperatorsMayModerate(stage: SessionStage, carol: SessionUser) -> None:
    stage.server.rehash = lambda: pytest.fail("only for operators")
    guest, user, bob = stage.user("guest"), stage.registered("alice"), stage.user("bob")
    carol.heard()
    for verb in VERBS:
        if verb.access is Access.OPERATORS:
            line = shortestLine(verb)
            assert guest.hears(line) == user.hears(line) == REFUSED
    assert bob.heard() == carol.heard() == []


def test_theNicknameAloneMakesNoOperator(stage: SessionStage) -> None:
    assert stage.user("carol").hears("/bans") == REFUSED


def test_everyActionIsLogged(stage: SessionStage, carol: SessionUser) -> None:
    stage.users("bob")
    stage.registered("alice").says("/join #dev")
    lines = [
        "/mute bob 1h spam",
        "/unmute bob",
        "/ban 198.51.100.7 more spam",
        "/unban 198.51.100.7",
        "/rename bob robert",
        "/operator alice",
        "/operator alice off",
        "/delete #dev more spam",
        "/unregister alice a rude name",
        "/announce hello",
        "/rehash",
        "/kick robert still spam",
    ]
    with capturedLogs() as logged:
        carol.says(*lines)
    assert [formatEvent(event).rstrip(": ") for event in logged] == [
        "carol mute bob for 3600 s: spam",
        "carol unmute bob",
        "carol ban 198.51.100.7/32: more spam",
        "carol unban 198.51.100.7",
        "carol rename bob: now robert",
        "carol operator-on alice",
        "carol operator-off alice",
        "carol delete #dev: more spam",
        "carol unregister alice: a rude name",
        "account alice was deleted",
        "carol announce everybody",
        "carol rehash files",
        "carol kick robert: still spam",
    ]


# Kicks.


def test_aKickedUserLeavesTheService(stage: SessionStage, carol: SessionUser) -> None:
    alice, bob = stage.users("alice", "bob")
    left = Left("#lobby", AT, "alice", Ending.KICKED, "spam", 2, "carol")
    assert carol.hears("/kick ALICE spam") == [left, Done("kicked", "alice")]
    assert alice.heard() == [Closed(Ending.KICKED, "spam", by="carol")]
    assert alice.isClosed
    assert bob.heard() == [left]
    assert stage.user().hears("alice") != [Refused("nick-taken", "alice")]


def test_aKickEndsAllSessionsOfAUser(stage: SessionStage, carol: SessionUser) -> None:
    first, bob = stage.registered("alice"), stage.user("bob")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    carol.says("/kick alice")
    closed = Closed(Ending.KICKED, by="carol")
    assert first.heard() == [closed]
    assert second.heard() == [SessionsChanged(1), closed]
    assert bob.heard() == [Left("#lobby", AT, "alice", Ending.KICKED, "", 2, "carol")]


def test_operatorsMayNotModerateThemselves(stage: SessionStage, carol: SessionUser) -> None:
    assert carol.hears("/kick carol") == [Refused("yourself")]
    assert carol.hears("/kick bob") == [Refused("no-such-nick", "bob")]
    assert carol.hears("/ban carol") == [Refused("yourself")]
    assert carol.hears("/mute Carol") == [Refused("yourself")]
    carol.says("/nick caroline")
    for nick in ("carol", "caroline"):
        assert carol.hears(f"/ban {nick}") == [Refused("yourself")]


# Bans.


def test_aBannedUserLeavesTheService(stage: SessionStage, carol: SessionUser) -> None:
    alice, bob = stage.users("alice", "bob")
    left = Left("#lobby", AT, "alice", Ending.BANNED, "spam", 2, "carol")
    assert carol.hears("/ban alice spam") == [left, Done("banned", "alice")]
    assert alice.heard() == [Closed(Ending.BANNED, "spam", by="carol")]
    assert bob.heard() == [left]


def test_anAccountIsBannedWhateverItsNickname(stage: SessionStage, carol: SessionUser) -> None:
    alice = stage.registered("alice")
    alice.says("/nick robert")
    carol.says("/ban alice")
    assert alice.isClosed
    assert stage.user().hears(f"/login alice {PASSWORD}")[0] == Refused("banned", by="carol")


@pytest.mark.parametrize("target", ["198.51.100.7", "198.51.100.0/24", "::ffff:198.51.100.7"])
def test_aBannedAddressEndsItsSessions(
    stage: SessionStage, carol: SessionUser, target: str
) -> None:
    alice = stage.user("alice", address="198.51.100.7")
    elsewhere = stage.registered("bob")
    bob = stage.user(f"/login bob {PASSWORD}", address="198.51.100.7")
    stage.forget()
    carol.says(f"/ban {target} spam")
    closed = Closed(Ending.BANNED, "spam", by="carol")
    left = Left("#lobby", AT, "alice", Ending.BANNED, "spam", 2, "carol")
    assert alice.heard() == [closed]
    # The user's other session is connected from another address.
    assert bob.heard() == [left, closed]
    assert elsewhere.heard() == [left, SessionsChanged(1)]


def test_anAbsentUserMayBeBanned(stage: SessionStage, carol: SessionUser) -> None:
    assert carol.hears("/ban Dave") == [Done("banned", "Dave")]
    assert stage.user().hears("dave") == [Refused("banned", by="carol")]
    assert carol.hears("/ban 1dave") == [Refused("nick-invalid", "1dave")]
    assert carol.hears("/ban") == [
        Refused("argument-missing", "/ban NAME|ADDRESS|CIDR [2h|30d] [REASON]")
    ]


def test_bansAreListedUntilTheyEnd(stage: SessionStage, carol: SessionUser) -> None:
    stage.users("bob")
    carol.says("/ban Dave 1h30m spam", "/ban 203.0.113.77/24 still spam", "/mute bob 1h")
    hour = AT + timedelta(hours=1)
    dave = BanRow("ban", "Dave", "carol", "spam", hour + timedelta(minutes=30))
    network = BanRow("ban", "203.0.113.0/24", "carol", "still spam")
    assert carol.hears("/bans") == [
        BansListed((dave, network, BanRow("mute", "bob", "carol", "", hour)))
    ]
    stage.clock.advance(3600)
    assert carol.hears("/bans") == [BansListed((dave, network))]
    stage.clock.advance(1800)
    assert carol.hears("/bans") == [BansListed((network,))]


@pytest.mark.parametrize(
    ("target", "lifted"),
    [("dave", "DAVE"), ("203.0.113.7", "203.0.113.7"), ("203.0.113.0/24", "203.0.113.9/24")],
)
def test_aBanMayBeLifted(stage: SessionStage, carol: SessionUser, target: str, lifted: str) -> None:
    carol.says(f"/ban {target}")
    assert carol.hears(f"/unban {lifted}") == [Done("unbanned", lifted)]
    assert carol.hears("/bans") == [BansListed(())]
    [refused] = carol.hears(f"/unban {target}")
    assert isinstance(refused, Refused)
    assert refused.code == "no-such-ban"
    assert stage.user().hears("dave") != [Refused("banned", by="carol")]


# Mutes.


def test_aMutedUserIsToldAndRefused(stage: SessionStage, carol: SessionUser) -> None:
    alice, bob = stage.users("alice", "bob")
    assert carol.hears("/mute alice 10m spam") == [Done("muted", "alice")]
    until = AT + timedelta(minutes=10)
    assert alice.heard() == [Warned("muted", "spam", by="carol", until=until)]
    assert alice.hears("hello") == [Refused("muted", "spam", by="carol", until=until)]
    assert carol.hears("/unmute alice") == [Done("unmuted", "alice")]
    assert alice.heard() == [Done("may-speak")]
    assert bob.heard() == []
    alice.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "alice", "hello")]


def test_aMuteEnds(stage: SessionStage, carol: SessionUser) -> None:
    alice, bob = stage.users("alice", "bob")
    carol.says("/mute alice 10m")
    stage.clock.advance(599)
    alice.says("hello")
    assert bob.heard() == []
    stage.clock.advance(1)
    alice.says("hello")
    assert bob.heard() == [Said("#lobby", 1, stage.now, "alice", "hello")]


def test_aMuteAppliesAfterReturning(stage: SessionStage, carol: SessionUser) -> None:
    stage.users("alice")[0].says("/quit")
    carol.says("/mute alice")
    assert stage.user("ALICE").hears("hello") == [Refused("muted", by="carol")]


def test_anAccountIsToldOfItsMuteUnderAnyNickname(stage: SessionStage, carol: SessionUser) -> None:
    alice = stage.registered("alice")
    alice.says("/nick robert")
    stage.forget()
    carol.says("/mute alice", "/unmute alice")
    assert alice.heard() == [Warned("muted", by="carol"), Done("may-speak")]


@pytest.mark.parametrize(
    "way",
    ["/nick other", f"/login other {PASSWORD}", f"/login alice {PASSWORD}", "/unregister alice"],
)
@pytest.mark.parametrize("muted", ["alice", "cover"])
def test_aMutedAccountDoesNotBecomeAnotherUser(
    stage: SessionStage, carol: SessionUser, way: str, muted: str
) -> None:
    stage.registered("other").says("/quit")
    alice, bob = stage.registered("alice"), stage.user("bob")
    alice.says("/nick cover")
    carol.says(f"/mute {muted} 1h spam")
    alice.heard()
    bob.heard()
    refused = Refused("muted", "spam", by="carol", until=AT + timedelta(hours=1))
    assert alice.hears(way, "hello") == [refused] * 2
    assert bob.heard() == []
    stage.clock.advance(3600)
    alice.says(way, "/nick cover", "hello")
    assert any(isinstance(event, Said) for event in bob.heard())


@pytest.mark.parametrize("isHere", [False, True])
def test_aMutedGuestDoesNotLogIn(stage: SessionStage, carol: SessionUser, isHere: bool) -> None:
    other = stage.registered("other")
    if not isHere:
        other.says("/quit")
    mallory = stage.user("mallory")
    carol.says("/mute mallory spam")
    mallory.heard()
    assert mallory.hears(f"/login other {PASSWORD}") == [Refused("muted", "spam", by="carol")]
    assert mallory.session.nick == "mallory"


def test_aMuteThatComesWhileThePasswordIsLookedAtHolds(
    stage: SessionStage, carol: SessionUser
) -> None:
    stage.registered("other").says("/quit")
    mallory = stage.user("mallory")
    stage.authenticator.isSlow = True
    mallory.says(f"/login other {PASSWORD}")
    carol.says("/mute mallory")
    mallory.heard()
    stage.authenticator.decide()
    assert mallory.heard() == [Refused("muted", by="carol")]
    assert mallory.session.nick == "mallory"


# Accounts.


def test_anOperatorRemovesAnAccount(stage: SessionStage, carol: SessionUser) -> None:
    """With the rooms that nobody else owns; all of its sessions are told who did it, and why."""
    mallory, bob = stage.registered("mallory"), stage.user("bob")
    other = stage.user(f"/login mallory {PASSWORD}")
    mallory.says("/join #den", "/part #den", "/nick robert")
    stage.forget()
    left = Left("#lobby", AT, "robert", Ending.ACCOUNT_REMOVED, "a rude name", 2, "carol")
    removed = Done("account-removed", "mallory")
    assert carol.hears("/unregister MALLORY a rude name") == [left, removed]
    assert bob.heard() == [left]
    closed = Closed(Ending.ACCOUNT_REMOVED, "a rude name", by="carol")
    assert mallory.heard()[-1] == other.heard()[-1] == closed
    assert mallory.isClosed
    assert other.isClosed
    assert stage.hub.directory.find("#den") is None
    assert bob.hears("/nick mallory") == [Renamed("#lobby", AT, "bob", "mallory")]
    assert carol.hears("/unregister mallory")[-1] == Refused("no-such-account", "mallory")


def test_anAccountIsRemovedWhileItsUserIsAway(stage: SessionStage, carol: SessionUser) -> None:
    stage.registered("mallory").says("/quit")
    guest = stage.user("guest")
    carol.heard()
    assert carol.hears("/unregister mallory") == [Done("account-removed", "mallory")]
    assert guest.heard() == []
    refused = stage.user().hears(f"/login mallory {PASSWORD}")
    assert refused[0] == Refused("wrong-password", "mallory")


def test_theAccountOfAnOperatorIsNotRemoved(stage: SessionStage, carol: SessionUser) -> None:
    """But by themselves; another operator takes their rights first."""
    alice = stage.registered("alice")
    carol.says("/operator alice")
    stage.forget()
    assert carol.hears("/unregister alice") == [Refused("operator-meant", "alice")]
    assert alice.hears("/unregister carol") == [Refused("operator-fixed", "carol")]
    carol.says("/operator alice off")
    alice.heard()
    assert alice.hears("/unregister carol")[-1].code == "argument-invalid"  # type: ignore[union-attr]
    assert Done("account-removed", "alice") in carol.hears("/unregister alice")
    assert carol.hears("/unregister carol") == [Done("unregistered", "carol")]


def test_aMutedUserMakesNoRoom(stage: SessionStage, carol: SessionUser) -> None:
    """Others would read its name."""
    mallory = stage.user("mallory")
    stage.user("bob").says("/join #dev")
    carol.says("/mute mallory spam")
    mallory.heard()
    assert mallory.hears("/join #insult") == [Refused("muted", "spam", by="carol")]
    assert stage.hub.directory.find("#insult") is None
    assert Refused("muted", "spam", by="carol") not in mallory.hears("/join #dev")
    assert stage.nicks("#dev") == ("bob", "mallory")


def test_aMutedGuestWhoRegistersStaysMuted(stage: SessionStage, carol: SessionUser) -> None:
    mallory = stage.user("mallory")
    carol.says("/mute mallory")
    mallory.says(f"/register {PASSWORD}")
    carol.says("/rename mallory mal")
    assert mallory.hears("hello") == [Refused("muted", by="carol")]
    mallory.says("/quit")
    assert stage.user(f"/login mallory {PASSWORD}").hears("hello") == [Refused("muted", by="carol")]


def test_aMuteFollowsAGuestWhomAnOperatorRenames(stage: SessionStage, carol: SessionUser) -> None:
    """The nickname that was muted is free for others."""
    mallory = stage.user("mallory")
    carol.says("/mute mallory 1h spam")
    stage.forget()
    carol.says("/rename mallory mal")
    until = AT + timedelta(hours=1)
    assert mallory.hears("hello") == [Refused("muted", "spam", by="carol", until=until)]
    assert carol.hears("/bans") == [BansListed((BanRow("mute", "mal", "carol", "spam", until),))]
    assert not any(isinstance(each, Refused) for each in stage.user("mallory").hears("hello"))
    carol.says("/unmute mal")
    assert mallory.hears("hello") == []


def test_anAddressMayBeMuted(stage: SessionStage, carol: SessionUser) -> None:
    """It holds for all who are there, and who come from there, by whatever nickname."""
    mallory = stage.user("mallory", address="203.0.113.7")
    bob = stage.user("bob", address="203.0.114.7")
    assert carol.hears("/mute 203.0.113.0/24 spam") == [Done("muted", "203.0.113.0/24")]
    assert mallory.heard() == [Warned("muted", "spam", by="carol")]
    again = stage.user("again", address="203.0.113.8")
    for muted in (mallory, again):
        assert muted.hears("hello", "/nick other") == [Refused("muted", "spam", by="carol")] * 2
    assert bob.heard() == []
    assert carol.hears("/unmute 203.0.113.0/24") == [Done("unmuted", "203.0.113.0/24")]
    assert mallory.heard() == [Done("may-speak")]
    mallory.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "mallory", "hello")]


def test_operatorsDoNotMuteThemselvesByTheirAddress(carol: SessionUser) -> None:
    for target in ("192.0.2.1", "192.0.2.0/24"):
        assert carol.hears(f"/mute {target}") == [Refused("yourself")]


@pytest.mark.parametrize("verb", ["ban", "mute"])
def test_anIPv6AddressStandsForTheNetworkOfItsSubscriber(
    stage: SessionStage, carol: SessionUser, verb: str
) -> None:
    """A subscriber has as many addresses of a /64 as they like."""
    done = {"ban": "banned", "mute": "muted"}[verb]
    assert Done(done, "2001:db8::/64") in carol.hears(f"/{verb} 2001:db8::7")
    mallory = stage.connect("2001:db8::1:2:3:4")
    mallory.opens()
    refused = mallory.hears("mallory", "hello")
    assert mallory.isClosed if verb == "ban" else Refused("muted", by="carol") in refused
    assert Done(f"un{done}", "2001:db8::9") in carol.hears(f"/un{verb} 2001:db8::9")
    # One address alone can be named all the same, and its ban is found by it.
    assert Done(done, "2001:db8::7/128") in carol.hears(f"/{verb} 2001:db8::7/128")
    assert Done(f"un{done}", "2001:db8::7") in carol.hears(f"/un{verb} 2001:db8::7")
    assert carol.hears("/bans") == [BansListed(())]


def test_aNameThatIsNotMutedCannotBeUnmuted(stage: SessionStage, carol: SessionUser) -> None:
    assert carol.hears("/unmute alice") == [Refused("no-such-ban", "alice")]
    carol.says("/ban alice")
    assert carol.hears("/unmute alice") == [Refused("no-such-ban", "alice")]


# Rooms.


@pytest.mark.parametrize("mode", ["topic all", "key sesame", "private on"])
def test_aRoomIsDeletedWithAllThatWasSaidThere(
    stage: SessionStage, carol: SessionUser, mode: str
) -> None:
    alice, bob = stage.registered("alice"), stage.user("bob")
    alice.says("/join #dev", "/topic tools", "hello")
    bob.says("/join #dev")
    alice.says(f"/mode {mode}")
    stage.forget()
    assert carol.hears("/delete #Dev spam") == [Done("deleted", "#dev")]
    parted = Parted("#dev", Ending.ROOM_DELETED, "carol", "spam")
    # Each is told so, and not of all the others.
    assert alice.heard() == bob.heard() == [parted, Talking("#lobby")]
    assert stage.hub.directory.find("#dev") is None
    assert carol.hears("/delete #dev") == [Refused("no-such-room", "#dev")]
    bob.says("/join #dev")
    assert bob.hears("/history", "/topic") == [
        Excerpt("#dev", "history", 0, False, 0),
        TopicShown("#dev", "", ""),
    ]
    assert Refused("owner-needed", "#dev") in alice.hears("/join #dev", "/mode topic owner")


def test_anEmptyRoomIsDeleted(stage: SessionStage, carol: SessionUser) -> None:
    stage.registered("alice").says("/join #dev", "/part")
    assert stage.nicks("#dev") == ()
    assert carol.hears("/delete dev") == [Done("deleted", "#dev")]
    assert stage.hub.directory.find("#dev") is None


def test_anOperatorMayDeleteTheRoomInWhichTheyTalk(stage: SessionStage, carol: SessionUser) -> None:
    carol.says("/join #dev", "/part #lobby")
    assert carol.hears("/delete #dev") == [
        Parted("#dev", Ending.ROOM_DELETED, "carol"),
        Talking(""),
        Done("deleted", "#dev"),
    ]


def test_theRoomInWhichAllBeginIsNotDeleted(stage: SessionStage, carol: SessionUser) -> None:
    assert carol.hears("/delete #lobby") == [Refused("room-open", "#lobby")]
    assert stage.nicks("#lobby") == ("carol",)


# Announcements and renamings.


def test_anAnnouncementReachesAllUsers(stage: SessionStage, carol: SessionUser) -> None:
    alice, nameless = stage.user("alice", "/join #dev", "/part #lobby"), stage.user()
    announced = Announced(AT, "carol", "we stop at noon")
    assert carol.hears("/announce we stop at noon") == [announced]
    assert alice.heard() == [announced]
    assert nameless.heard() == []


def test_anOperatorRenamesAUser(stage: SessionStage, carol: SessionUser) -> None:
    alice, bob = stage.users("alice", "bob")
    renamed = Renamed("#lobby", AT, "alice", "Alicia")
    assert carol.hears("/rename alice Alicia") == [renamed, Done("renamed", "alice -> Alicia")]
    assert alice.heard() == bob.heard() == [renamed]
    alice.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "Alicia", "hello")]


def test_aRenamedUserKeepsTheirAccount(stage: SessionStage, carol: SessionUser) -> None:
    alice = stage.registered("alice")
    carol.says("/rename alice robert", "/rename robert Alice")
    assert alice.hears(f"/password {PASSWORD}") == [Done("password-changed")]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("/rename dave robert", Refused("no-such-nick", "dave")),
        ("/rename bob alice", Refused("nick-registered", "alice")),
        ("/rename bob eve", Refused("nick-taken", "eve")),
        ("/rename bob bob", Refused("nick-unchanged", "bob")),
        ("/rename bob b.b", Refused("nick-invalid", "b.b")),
        ("/rename bob", Refused("argument-missing", "/rename OLD NEW")),
    ],
)
def test_aRenamingMayBeRefused(
    stage: SessionStage, carol: SessionUser, line: str, refusal: Refused
) -> None:
    stage.registered("alice").says("/quit")
    bob, _ = stage.users("bob", "eve")
    carol.heard()
    assert carol.hears(line) == [refusal]
    assert bob.heard() == []


# Operators.


def test_anOperatorMakesAnotherUserAnOperator(stage: SessionStage, carol: SessionUser) -> None:
    alice = stage.registered("alice")
    assert carol.hears("/operator alice") == [Done("operator-on", "alice")]
    assert alice.heard() == [Done("operator-on", "alice")]
    assert alice.hears("/operator") == [Done("operators", "alice, carol")]
    assert carol.hears("/operator ALICE off") == [Done("operator-off", "alice")]
    assert alice.heard() == [Done("operator-off", "alice")]
    assert alice.hears("/bans") == REFUSED


def test_onlyAnAccountBecomesAnOperator(stage: SessionStage, carol: SessionUser) -> None:
    stage.users("bob")
    assert carol.hears("/operator bob") == [Refused("no-such-account", "bob")]
    assert carol.hears("/operator bob maybe") == [
        Refused("argument-invalid", "/operator [NAME [on|off]]")
    ]


def test_anOperatorNamedByTheOptionStaysOne(stage: SessionStage, carol: SessionUser) -> None:
    stage.registered("alice")
    carol.says("/operator alice")
    assert carol.hears("/operator carol off") == [Refused("operator-fixed", "carol")]
    assert carol.hears("/operator") == [Done("operators", "alice, carol")]


# Reading again.


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        ((), []),
        (
            ("certificates: no such file", "bans: locked"),
            [Warned("not-read", "certificates: no such file"), Warned("not-read", "bans: locked")],
        ),
    ],
)
def test_failuresToReadFilesAgainAreTold(
    stage: SessionStage, carol: SessionUser, failures: tuple[str, ...], told: list[object]
) -> None:
    stage.server.rehash = lambda: succeed(failures)
    assert [event for event in carol.hears("/rehash") if event != Done("rehashed")] == told


def test_readingFilesAgainTakesTime(stage: SessionStage, carol: SessionUser) -> None:
    reading: Deferred[tuple[str, ...]] = Deferred()
    rehash: Callable[[], Deferred[tuple[str, ...]]] = lambda: reading  # noqa: E731
    stage.server.rehash = rehash
    assert carol.hears("/rehash", "/ping") == []
    reading.callback(())
    assert carol.heard() == [Done("rehashed"), Ponged()]


def test_anOperatorWhoHasLeftIsNotToldOfReading(stage: SessionStage, carol: SessionUser) -> None:
    reading: Deferred[tuple[str, ...]] = Deferred()
    stage.server.rehash = lambda: reading
    carol.says("/rehash")
    carol.session.end(Ending.SHUTDOWN)
    carol.heard()
    reading.callback(("too late",))
    assert carol.heard() == []


def test_aMutedUserHasNoOtherWayToSpeak(stage: SessionStage, carol: SessionUser) -> None:
    bob, dave = stage.users("bob", "dave")
    bob.says("/join #dev")
    dave.says("/join #dev", "/room #lobby")
    carol.says("/mute bob")
    stage.forget()
    bob.says("/away INSULT", "/kick dave INSULT", "/part INSULT")
    assert bob.hears("/invite dave") == [Refused("muted", by="carol")]
    bob.says("/quit INSULT")
    heard = [*dave.heard(), *dave.hears("/msg bob hello", "/whois bob")]
    assert Left("#lobby", AT, "bob", Ending.QUIT, "", 2) in heard
    assert "INSULT" not in repr(heard)


def test_aBanOfANameIsNotAboutAddresses(stage: SessionStage, carol: SessionUser) -> None:
    other = stage.user("dave", address="203.0.113.7")
    carol.says("/ban mallory spam")
    assert not other.isClosed


def test_anOperatorMayNotBanTheirOwnAddress(carol: SessionUser) -> None:
    """They could not come back to lift the ban."""
    for target in "192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "::ffff:192.0.2.1":
        assert carol.hears(f"/ban {target}") == [Refused("yourself", "")]


@pytest.mark.parametrize("verb", ["ban", "mute"])
def test_noSessionOfAnOperatorComesFromANetworkThatTheyBanOrMute(
    stage: SessionStage, carol: SessionUser, verb: str
) -> None:
    elsewhere = stage.user(f"/login carol {PASSWORD}", address="198.51.100.7")
    carol.heard()
    for session, target in (carol, "198.51.100.0/24"), (elsewhere, "192.0.2.1"):
        assert session.hears(f"/{verb} {target}") == [Refused("yourself")]
    elsewhere.says("/quit")
    carol.heard()
    assert carol.hears(f"/{verb} 198.51.100.0/24")[-1].code in ("banned", "muted")


def test_moderatingANicknameAppliesToItsAccount(stage: SessionStage, carol: SessionUser) -> None:
    bob = stage.registered("bob")
    bob.says("/nick bobby")
    carol.heard()
    assert carol.hears("/mute bobby") == [Done("muted", "bob")]
    assert bob.hears("hello")[-1] == Refused("muted", by="carol")
    assert carol.hears("/unmute bobby") == [Done("unmuted", "bobby")]
    assert Done("banned", "bob") in carol.hears("/ban bobby")
    assert stage.user().hears(f"/login bob {PASSWORD}")[0] == Refused("banned", by="carol")


def test_aLongListOfBansIsCutShort(stage: SessionStage, carol: SessionUser) -> None:
    for number in range(MAX_ROWS + 2):
        carol.says(f"/ban 10.0.{number}.0/24")
    [listed] = carol.hears("/bans")
    assert isinstance(listed, BansListed)
    assert (len(listed.bans), listed.more) == (MAX_ROWS, 2)
    assert listed.bans[-1].name == f"10.0.{MAX_ROWS + 1}.0/24"
