"""Tests for L{chat.session.handlers.personal}."""

from __future__ import annotations

from datetime import timedelta

from chat.core.ignores import MAX_IGNORED
from chat.vocabulary.events import (
    Announced,
    Described,
    Done,
    Ending,
    Entered,
    Excerpt,
    Invited,
    Joined,
    Left,
    Listed,
    Parted,
    Recalled,
    Refused,
    Renamed,
    Said,
    Told,
    TopicSet,
    TopicShown,
    UserRow,
)
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage

# Ignoring.


def test_anIgnoredUserIsNotHeard(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    assert alice.hears("/ignore BOB") == [Done("ignored", "BOB")]
    bob.says("hello", "/me waves")
    assert alice.heard() == []
    assert len(carol.heard()) == 2
    assert bob.heard() == []
    carol.says("hello")
    assert alice.heard() == [Said("#lobby", 3, AT, "carol", "hello")]


def test_theReasonsOfAnIgnoredUserAreNotRead(stage: SessionStage) -> None:
    """Others read them; and in a room that is not the one where one talks, too."""
    alice, bob, carol = stage.users("alice", "bob", "carol")
    alice.says("/ignore bob", "/join #dev")
    bob.says("/join #dev")
    carol.says("/room #lobby")
    stage.forget()
    bob.says("/part #dev an insult")
    assert alice.heard() == [Left("#dev", AT, "bob", Ending.PARTED, count=1)]
    bob.says("/quit an insult")
    assert alice.heard() == [Left("#lobby", AT, "bob", Ending.QUIT, count=2)]
    assert carol.heard() == [Left("#lobby", AT, "bob", Ending.QUIT, "an insult", count=2)]


def test_theReasonForBeingPutOutIsNotReadFromAnIgnoredUser(stage: SessionStage) -> None:
    alice, bob, carol, dave = stage.users("alice", "bob", "carol", "dave")
    for user in (bob, alice, carol, dave):
        user.says("/join #dev")
    alice.says("/ignore bob")
    stage.forget()
    bob.says("/kick carol an insult")
    assert alice.heard() == [Left("#dev", AT, "carol", Ending.KICKED, "", 3, "bob")]
    assert dave.heard() == [Left("#dev", AT, "carol", Ending.KICKED, "an insult", 3, "bob")]
    bob.says("/kick alice an insult")
    assert Parted("#dev", Ending.KICKED, "bob", "") in alice.heard()


def test_theTopicOfAnIgnoredUserIsReadOnlyWhenAskedFor(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    bob.says("/join #dev", "/topic an insult")
    alice.says("/ignore bob")
    stage.forget()
    assert Entered("#dev", ("bob",), "") in alice.hears("/join #dev")
    assert Entered("#dev", ("bob", "alice"), "an insult") in carol.hears("/join #dev")
    stage.forget()
    bob.says("/topic another insult")
    assert alice.heard() == []
    assert carol.heard() == [TopicSet("#dev", AT, "bob", "another insult")]
    shown = TopicShown("#dev", "another insult", "bob")
    assert alice.hears("/topic") == [shown]


def test_anIgnoredUserIsRefusedPrivateMessages(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/msg bob psst", "/ignore bob")
    assert bob.hears("/msg alice yes?") == [Refused("ignores-you", "alice")]
    assert bob.hears("/reply yes?") == [Refused("ignores-you", "alice")]
    assert Told(AT, "bob", "alice", "yes?") not in alice.heard()


def test_anIgnoredUserIsNotRecalled(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    bob.says("hello world")
    carol.says("hello")
    alice.says("/ignore bob")
    found = Recalled("#lobby", 2, AT, "carol", "hello")
    assert alice.hears("/history") == [Excerpt("#lobby", "history", 1, False, 2), found]
    assert alice.hears("/search hello")[1:] == [found]


def test_anIgnoredUserInvitesInVain(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/ignore bob")
    bob.says("/join #dev")
    assert bob.hears("/invite alice") == [Done("invited", "alice")]
    assert Invited("#dev", "bob") not in alice.heard()


def test_anIgnoredUserIsStillSeenComingAndGoing(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.hears("/ignore bob")
    assert bob.hears("/nick robert") == alice.heard() == [Renamed("#lobby", AT, "bob", "robert")]
    bob.says("/quit")
    assert alice.heard() == [Left("#lobby", AT, "robert", Ending.QUIT, "", 1)]


def test_ignoringAppliesToTheNextNickname(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/ignore bob")
    bob.says("/nick robert", "hello")
    assert bob.hears("/msg alice psst") == [Refused("ignores-you", "alice")]
    bob.says("/nick bob", "hello")
    assert [event for event in alice.heard() if isinstance(event, Said)] == []


def test_ignoringAppliesToTheAccountThatTheUserMovesTo(stage: SessionStage) -> None:
    stage.registered("robert").says("/quit")
    alice, bob = stage.user("alice"), stage.registered("bob")
    alice.says("/ignore bob")
    bob.says(f"/login robert {PASSWORD}", "hello")
    assert bob.hears("/msg alice psst") == [Refused("ignores-you", "alice")]
    assert [event for event in alice.heard() if isinstance(event, Said)] == []
    bob.says("/quit")
    # The other account was never named.
    stage.user(f"/login robert {PASSWORD}").says("hello")
    assert [event.text for event in alice.heard() if isinstance(event, Said)] == ["hello"]


def test_anAccountUnderAnotherNicknameIsIgnoredByUsersWhoLogInLater(stage: SessionStage) -> None:
    alice, bob = stage.registered("alice"), stage.registered("bob")
    alice.says("/ignore bob", "/quit")
    bob.says("/nick robert")
    alice = stage.user(f"/login alice {PASSWORD}")
    bob.says("hello")
    assert alice.heard() == []


def test_ignoringAppliesAfterReturning(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/ignore bob")
    bob.says("/quit")
    alice.heard()
    again = stage.connect()
    again.opens(nick="Bob")
    again.says("hello")
    assert alice.heard() == [Joined("#lobby", AT, "Bob", 2)]
    assert again.hears("/msg alice psst") == [Refused("ignores-you", "alice")]


def test_anAbsentUserMayBeIgnored(stage: SessionStage) -> None:
    alice = stage.user("alice")
    assert alice.hears("/ignore bob") == [Done("ignored", "bob")]
    assert alice.hears("/ignore b.b") == [Refused("nick-invalid", "b.b")]


def test_aUserMayListenAgain(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/ignore bob")
    assert alice.hears("/unignore BOB") == [Done("unignored", "BOB")]
    bob.says("hello")
    assert alice.heard() == [Said("#lobby", 1, AT, "bob", "hello")]
    # Nothing changes the second time.
    assert alice.hears("/unignore bob") == [Done("unignored", "bob")]


def test_theIgnoreListIsTold(stage: SessionStage) -> None:
    alice = stage.user("alice")
    assert alice.hears("/ignore") == [Done("ignoring", "")]
    alice.says("/ignore Dave", "/ignore bob", "/ignore dave")
    assert alice.hears("/ignore") == [Done("ignoring", "bob, dave")]


def test_usersMayNotIgnoreThemselves(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    assert alice.hears("/ignore Alice") == [Refused("yourself")]
    alice.says("/nick robert")
    assert alice.hears("/ignore alice") == alice.hears("/ignore robert") == [Refused("yourself")]


def test_aHundredUsersAreIgnoredAtMost(stage: SessionStage) -> None:
    alice = stage.user("alice")
    alice.says(*(f"/ignore n{number}" for number in range(MAX_IGNORED)))
    assert alice.hears("/ignore bob") == [Refused("list-full", "100")]
    assert alice.hears("/ignore n7") == [Done("ignored", "n7")]
    alice.says("/unignore n7")
    assert alice.hears("/ignore bob") == [Done("ignored", "bob")]


def test_anAnnouncementIsHeardFromAnIgnoredOperator(stage: SessionStage) -> None:
    alice, carol = stage.user("alice"), stage.registered("carol")
    alice.says("/ignore carol")
    stage.forget()
    carol.says("/announce hello")
    assert alice.heard() == [Announced(AT, "carol", "hello")]


def test_theIgnoreListIsKeptWithTheAccount(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    alice.says("/ignore bob", "/ignore dave", "/unignore dave", "/quit")
    again = stage.user(f"/login alice {PASSWORD}")
    assert again.hears("/ignore") == [Done("ignoring", "bob")]
    bob = stage.user("bob")
    again.heard()
    bob.says("hello")
    assert again.heard() == []


def test_loggingInAddsTheIgnoreListOfTheAccount(stage: SessionStage) -> None:
    stage.registered("alice").says("/ignore bob", "/quit")
    guest = stage.user("guest", "/ignore dave", f"/login alice {PASSWORD}")
    assert guest.hears("/ignore") == [Done("ignoring", "bob, dave")]


def test_theIgnoreListOfAGuestIsNotKept(stage: SessionStage) -> None:
    stage.users("alice")[0].says("/ignore bob", "/quit")
    assert stage.user("alice").hears("/ignore") == [Done("ignoring", "")]
    assert list(stage.hub.ignores.deafTo("bob")) == []


def test_allSessionsOfAUserIgnore(stage: SessionStage) -> None:
    first, bob = stage.registered("alice"), stage.user("bob")
    second = stage.user(f"/login alice {PASSWORD}", "/ignore bob")
    stage.forget()
    bob.says("hello")
    assert first.heard() == second.heard() == []


# Away.


def test_awayAndBackAreAnswered(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    assert alice.hears("/away at lunch ") == [Done("away", "at lunch")]
    assert alice.hears("/away") == [Done("away", "")]
    assert alice.hears("/back") == [Done("back")]
    assert alice.hears("/back") == [Done("back")]
    assert bob.heard() == []


def test_beingAwayWithoutAReasonIsSeen(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("/away")
    assert alice.hears("/who") == [Listed("#lobby", (UserRow("alice"), UserRow("bob", 0, True)))]
    assert alice.hears("/whois bob") == [Described("bob", "", False, AT, 0, True, "", ("#lobby",))]
    bob.says("/back")
    assert alice.hears("/who") == [Listed("#lobby", (UserRow("alice"), UserRow("bob")))]


# Whois.


def test_whoisTellsWhatAllUsersMayKnow(stage: SessionStage) -> None:
    bob = stage.user("bob")
    stage.clock.advance(30)
    alice = stage.registered("alice")
    alice.says("/nick Alicia", "/join #dev", "/away at lunch")
    stage.clock.advance(90.5)
    assert bob.hears("/whois ALICIA") == [
        Described(
            "Alicia",
            "alice",
            False,
            AT + timedelta(seconds=30),
            90,
            True,
            "at lunch",
            ("#lobby", "#dev"),
        )
    ]
    assert bob.hears("/whois dave") == [Refused("no-such-nick", "dave")]


def test_whoisTellsUsersTheirOwnAddresses(stage: SessionStage) -> None:
    alice = stage.user("alice", address="198.51.100.7")
    assert alice.hears("/whois alice") == [
        Described("alice", "", False, AT, 0, False, "", ("#lobby",), ("198.51.100.7",))
    ]


def test_whoisTellsOperatorsMore(stage: SessionStage) -> None:
    carol = stage.registered("carol")
    stage.registered("alice").says("/join #dev", "/mode private on")
    stage.user(f"/login alice {PASSWORD}", address="198.51.100.7")
    stage.user(f"/login alice {PASSWORD}", address="198.51.100.7")
    assert carol.hears("/whois alice") == [
        Described(
            "alice",
            "alice",
            False,
            AT,
            0,
            False,
            "",
            ("#lobby", "#dev"),
            ("192.0.2.1", "198.51.100.7"),
        )
    ]
    [described] = stage.user("bob").hears("/whois carol")
    assert described == Described("carol", "carol", True, AT, 0, False, "", ("#lobby",))


def test_whoisNamesAPrivateRoomToThoseInIt(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "/mode private on", "/invite bob")
    stage.forget()
    assert bob.hears("/whois alice") == [
        Described("alice", "", False, AT, 0, False, "", ("#lobby",))
    ]
    bob.says("/join #dev")
    assert bob.hears("/whois alice") == [
        Described("alice", "", False, AT, 0, False, "", ("#lobby", "#dev"))
    ]


def test_aNewNicknameKeepsTheIgnoreList(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/ignore bob", "/away")
    assert alice.hears("/nick robert") == [Renamed("#lobby", AT, "alice", "robert")]
    assert bob.hears("/msg robert psst") == [Refused("ignores-you", "robert")]
    assert alice.hears("/ignore") == [Done("ignoring", "bob")]


def test_anIgnoredUserCannotSilenceOthers(stage: SessionStage) -> None:
    """To have the nicknames of others for a while does not spoil them."""
    alice, mallory = stage.users("alice", "mallory")
    alice.says("/ignore mallory")
    mallory.says("/nick bob", "/nick mallory2", "hello")
    bob = stage.user("bob")
    bob.says("hello")
    assert [event.nick for event in alice.heard() if isinstance(event, Said)] == ["bob"]
    assert alice.hears("/ignore") == [Done("ignoring", "mallory")]
    assert [each.nick for each in alice.hears("/history") if isinstance(each, Recalled)] == ["bob"]


def test_anAccountIsIgnoredUnderItsPresentNickname(stage: SessionStage) -> None:
    [alice], bob = stage.users("alice"), stage.registered("bob")
    bob.says("/nick robert")
    alice.says("/ignore bob")
    stage.forget()
    bob.says("hello")
    assert alice.heard() == []
    assert alice.hears("/unignore bob", "/ignore") == [Done("unignored", "bob"), Done("ignoring")]
    bob.says("hello")
    assert [event.text for event in alice.heard() if isinstance(event, Said)] == ["hello"]


def test_registeringKeepsTheIgnoreList(stage: SessionStage) -> None:
    alice = stage.user("alice")
    alice.says("/ignore bob", f"/register {PASSWORD}", "/quit")
    again = stage.user(f"/login alice {PASSWORD}")
    assert again.hears("/ignore") == [Done("ignoring", "bob")]
