"""Tests for L{chat.vocabulary.names}."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from precis_i18n import get_profile

from chat.vocabulary.errors import ChatError, NickInvalid, NickTooLong, RoomInvalid, ScriptsMixed
from chat.vocabulary.names import MAX_COLUMNS, fold, nickname, roomname
from chat.vocabulary.scripts import isMixed


@pytest.mark.parametrize(
    "name",
    [
        "bob",
        "Bob",
        "b",
        "bob_1",
        "bob-2",
        "bob_",
        "x" * MAX_COLUMNS,
        "李雷",
        "韩梅梅",
        "你" * (MAX_COLUMNS // 2),
        "阿Q",
        "太郎さん",
        "ひらがなカタカナー",
        "々木",
        "철수",
        "Жанна",
        "Ωμέγα",
        "José",
        "Đặng",
        "straße",
        "שלום",
        "שלום1",
        "مرحبا",
        "हिन्दी",
        "สมชาย",
        # Joiners where the language needs them, at the end of a word, too.
        "علی\u200cرضا",
        "ශ්\u200dරී",
        "অপূর্ব",
        "ন্\u200dয়",
        "അവന്\u200d",
        "क्\u200cष",
        # Digits are those of the letters, or of ASCII.
        "राम१",
        "राम1",
        "مرحبا١",
        "สมชาย๑",
        "李1",
        # Marks go with their letters, and stackers have a letter to stack.
        "q\u0323",
        "ខ្មែរ",
        "မြန်မာက္က",
        # One script only, whatever it looks like.
        "саса",
        "КАТЕ",
        "カニ",
        # What PRECIS refuses, though people are called so.
        "น้ำฝน",
        "ນ\u0ec9ຳ",
        "ໜູ",
        "Գևորգ",
        "ㅋㅋㅋ",
        "철수ㅋ",
        "李〇",
        "محمد_",
        "דוד-",
        "র\u200d্যাচেল",
        "بے\u200cنظیر",
        "ᠨᠠᠷ\u180eᠠ",
        # Apostrophes and clicks that are letters.
        "ʻIolani",
        "Мар\u02bcяна",
        "ǃKung",
    ],
)
def test_mayBeANickname(name: str) -> None:
    """Letters of any script, digits, C{_} and C{-}, first a letter; shown as typed."""
    assert nickname(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1bob",
        "_bob",
        "-bob",
        "\u0301bob",
        "bob smith",
        "bob\u3000smith",
        "bob.smith",
        "bob:",
        "bob/",
        "#bob",
        "@bob",
        "[bob]",
        "<bob>",
        "*",
        "---",
        "👍",
        "bob👍",
        "b\u200dob",
        "b\u00adob",
        "b\u202eob",
        "bob\x00",
        "bob\x1b",
        "bob\n",
        "①",
        "Ⅷ",
        "ﬁ",
        # Joiners that join nothing.
        "علی\u200c",
        "علی\u200dرضا",
        "क\u200dष",
        "bob\u200c",
        # Marks without ink.
        "ⴰ\u2d7f",
        "𑀅\U0001107f",
        "𘬀\U00016fe4",
        "ខ្មែរ\u17d2",
        "က\u1039",
        "က\u1039\u1039က",
        "bob\u034f",
        "bob\ufe00",
        # One on another, where it cannot be seen.
        "bobe\u0301\u0301",
        "ที่่",
        "x²",
        "\ud800",
        "aש",
        # Signs by themselves, and letters that look like punctuation.
        "ǃǃǃ",
        "ʼʼ",
        "bob\u02d0",
        "bob\u02cd",
        # Marks that stand on no letter, or strike one through.
        "bob_\u0332",
        "bob-\u0301",
        "bob2\u0301",
        "bil\u20d2l",
        "bobo\u0335",
    ],
)
def test_mayNotBeANickname(name: str) -> None:
    with pytest.raises((NickInvalid, ScriptsMixed)) as raised:
        nickname(name)
    assert raised.value.about == name


@pytest.mark.parametrize(
    "name", ["x" * 21, "你" * 11, "x" + "你" * 10, "x" * 10_000, "x" + "\u0301" * 100]
)
def test_isTooWide(name: str) -> None:
    """In columns of a terminal, and there is a limit in characters beyond that."""
    with pytest.raises(NickTooLong) as raised:
        nickname(name)
    assert raised.value.about == str(MAX_COLUMNS)


def test_marksTakeNoColumns() -> None:
    assert nickname("x" * 19 + "q\u0323") == "x" * 19 + "q\u0323"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ｂｏｂ", "bob"),
        ("ﾊﾅｺ", "ハナコ"),
        ("jose\u0301", "josé"),
        ("\u212bke", "\u00e5ke".title()),
        ("葛\U000e0100城", "葛城"),
    ],
)
def test_isNormalized(name: str, shown: str) -> None:
    """Narrow letters where there are, wide ones where those are usual; composed."""
    assert nickname(name) == shown


@pytest.mark.parametrize(
    "name",
    [
        "b\u043eb",  # Cyrillic o.
        "\u0430lice",  # Cyrillic a.
        "bοb",  # Greek omicron.
        "\u0391lice",  # Greek Alpha.
        "b๐b",
        "bob߀",
        "bob۱",
        "rob\u0660",
        "राम๑",
        "مرحبا1١",
        "رضا۱1",
        "bob\u2d7f",
        "bob\U00016fe4",
        "bob\U0001107f",
        "bob\u0483",
        "李\u0323",
        "ж李",
        "ひ한",
        "aא",
    ],
)
def test_scriptsThatNoLanguageMixes(name: str) -> None:
    with pytest.raises((ScriptsMixed, NickInvalid)):
        nickname(name)


def test_aMixtureIsCalledSo() -> None:
    with pytest.raises(ScriptsMixed, match="b\u043eb"):
        nickname("b\u043eb")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob", "BOB"),
        ("bob", "Bob"),
        ("bob", "ｂｏｂ"),
        ("josé", "JOSE\u0301"),
        ("straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Жанна", "жАННА"),
        ("ハナコ", "ﾊﾅｺ"),
        ("bob", "𝐛𝐨𝐛"),
        ("علی\u200cرضا", "علیرضا"),
        ("ශ්\u200dරී", "ශ්රී"),
        ("Elif", "ELİF"),
        ("İsmail", "ismail"),
        ("Işıl", "IŞIL"),
        ("คำ", "คํา"),
        ("葛\U000e0100城", "葛城"),
    ],
)
def test_same(one: str, other: str) -> None:
    """Without differences of case, width and compatibility."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("bob", "rob"), ("bob", "bob_"), ("bob", "bob1"), ("jose", "josé"), ("李雷", "李蕾")],
)
def test_notTheSame(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("name", ["", " ", "no such", "@bob", "👍", "\x00", "\ud800", "x" * 500])
def test_foldOfAnything(name: str) -> None:
    """Users may type what no nickname can be."""
    assert fold(name) != fold("bob")


@pytest.mark.parametrize("name", ["lobby", "#lobby", "#Lobby", "LOBBY", "#ｌｏｂｂｙ", "＃lobby"])
def test_roomHasOneSpelling(name: str) -> None:
    assert roomname(name) == "#lobby"


def test_aRoomIsReachedByItsName() -> None:
    assert roomname("İstanbul") == roomname("#ISTANBUL") == "#istanbul"


def test_roomsAreNamedWithoutJoiners() -> None:
    assert roomname("#ශ්\u200dරී") == "#ශ්රී"


@pytest.mark.parametrize(
    "name", ["", "#", "##lobby", "#＃lobby", "1", "no such", "x" * 21, "l\u2d7f"]
)
def test_noRoomName(name: str) -> None:
    with pytest.raises(RoomInvalid) as raised:
        roomname(name)
    assert raised.value.about == name


_letters = st.characters(categories=["L", "M", "Nd"]) | st.sampled_from("_-aBé李ßΣİ")
_anything = st.text(_letters, min_size=1, max_size=12) | st.text(max_size=12)


@settings(max_examples=300, deadline=None)
@given(_anything)
def test_anythingIsANicknameOrRefused(text: str) -> None:
    """No other exception, and what it is shown as is a nickname itself."""
    try:
        name = nickname(text)
    except ChatError:
        return
    assert nickname(name) == name
    assert name[0].isalpha() or name[0] == "〇"
    assert not isMixed(name)
    assert not set(name) & set(" :*#<>!/[]()")


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,19}", fullmatch=True))
def test_plainNamesAreWhatPRECISMakesOfThem(text: str) -> None:
    """They do not take the long way."""
    assert nickname(text) == get_profile("UsernameCasePreserved").enforce(text)
    folded = get_profile("UsernameCaseMapped:CaseFold").enforce(normalize("NFKC", text))
    assert fold(text) == normalize("NFKC", folded)


@given(st.text(_letters, min_size=1, max_size=3))
def test_foldOfNicknames(text: str) -> None:
    """It is stable, and does not see the case."""
    try:
        name = nickname(text)
    except ChatError:
        return
    assert fold(fold(name)) == fold(name)
    assert fold(name.casefold()) == fold(name)
    assert fold(f"{name[0]}\u200d{name[1:]}\u200c") == fold(name)


@given(st.text(max_size=30))
def test_foldNeverFails(text: str) -> None:
    assert isinstance(fold(text), str)
