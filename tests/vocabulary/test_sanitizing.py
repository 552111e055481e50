"""Tests for L{chat.vocabulary.sanitizing}."""

from __future__ import annotations

import re
from time import process_time
from unicodedata import category

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.vocabulary.sanitizing import MAX_MARKS, clean
from tests.fuzz.text import ENCLOSING, INVISIBLE, JOINERS, check, checkSafe

_pieces = st.sampled_from(
    [
        *"a /#1你कم👩👍🏽🇨ᠠ\u180e",
        *"\u0301\u20dd\u0903\u094d",
        *("\u0301\u0301\u0301", "\u0489\u20dd\u0301"),
        *"\ufe0e\ufe0f\u180b\U000e0100",
        *JOINERS,
        *ENCLOSING,
        *INVISIBLE,
        # Unassigned, private, and all that must not be there.
        *"\u0378\ue000",
        *"\u200b\u2060\ufeff\u00ad\u200e\u202e\u2066\u2069\u2028\U000e0041",
        *"\x00\t\n\x07\x1b\x7f\x85\x9b\x9c\x9d",
        *("\x1b[", "31;1", "m", "\x1b]0;", "\x1b\\"),
    ]
)
anyText = st.lists(_pieces | st.characters(), max_size=40).map("".join)


# What stays.


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printableASCIIStays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "你好，世界！这是测试。　全角空格",
        "日本語とカタカナー、々",
        "한국어",
        "Ünïcödé naïve café",
        "cafe\u0301",
        "ภาษาไทย ที่นี่",
        "हिन्दी क्षत्रिय र्\u200dय",
        "தமிழ்",
        "සිංහල ශ්\u200dරී",
        "العربية لَـعَـمْرُكَ ١٢٣",
        "می\u200cخواهم",
        # A word may end with a joiner: chillus, khanda ta, ra; a letter as it is joined.
        "അവന്\u200d വന്നു, നീര്\u200d.",
        "হঠাত্\u200d গেল",
        "ක්\u200d!",
        "वाक्\u200c।",
        "سنة ١٤٤٥ ه\u200d.",
        "ᠰᠠᠷ\u180eᠠ",
        "\u0601\u0661\u0662\u0663",
        "שָׁלוֹם עֲלֵיכֶם",
        "སྒྲུབས",
        "ᠮᠣᠩᠭᠣᠯ\u180b",
        "Tiếng Việt",
        "€ £ ¥ ½ × … — “quoted” ‘single’ «guillemets»",
        "\u00a0non-breaking",
        # A syllable of Burmese has five marks, of which two stand above or below.
        "\u101c\u103b\u103e\u1031\u102c\u1037",
        # Emoji and variants: joiners and selectors that join and select something.
        "👍🏽",
        "👨\u200d👩\u200d👧\u200d👦",
        "👩\u200d❤\ufe0f\u200d💋\u200d👨",
        "👨🏽\u200d🚒",
        "🏳\ufe0f\u200d🌈",
        "🇨🇳🇩🇪",
        "❤\ufe0f",
        "☺\ufe0e",
        "1\ufe0f\u20e3",
        "#\ufe0f\u20e3",
        "*\ufe0f\u20e3",
        "‼\ufe0f",
        "〰\ufe0f",
        "葛\U000e0100城",
        # Next year's emoji, and what a font of one's own has.
        "\U0001faff \ue0b0 \U000f0000",
    ],
)
def test_languagesAndEmojiStay(text: str) -> None:
    assert clean(text) == text


# What goes.


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0)])
def test_controlsGo(code: int) -> None:
    """C0, DEL and C1; those that part words leave a space."""
    expected = " " if chr(code) in "\t\v\f\x85" else ""
    # In front of a letter some begin a sequence, which is not what is meant here.
    assert clean("ab" + chr(code)) == "ab" + expected


def test_tabsBecomeSpaces() -> None:
    assert clean("\ta\t\tb") == " a  b"


@pytest.mark.parametrize("separator", "\u2028\u2029\x85\v\f\u2800")
def test_lineSeparatorsBecomeSpaces(separator: str) -> None:
    assert clean(f"a{separator}b") == "a b"


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[2J",
        "\x1b[31;1m",
        "\x1b[?1049h",
        "\x1b[>0c",
        "\x1b[1 q",
        "\x1b[6n",
        "\x9b31m",
        "\x1bc",
        "\x1b7",
        "\x1b(0",
        "\x1b#8",
        "\x1b]0;title\x07",
        "\x1b]0;title\x1b\\",
        "\x1b]52;c;aGk=\x9c",
        "\x9d0;title\x9c",
        "\x1b]8;;http://example.com\x1b\\",
        "\x1bP$q m\x1b\\",
        "\x90$q m\x9c",
        "\x1b_G\x1b\\",
        "\x1b^private\x1b\\",
        "\x1bXstring\x1b\\",
        "\x1b\x1b[A",
    ],
)
def test_escapeSequencesGoWhole(sequence: str) -> None:
    """None of their parameters is left in the text."""
    assert clean(f"one{sequence} two") == "one two"


def test_unfinishedStringsTakeTheRest() -> None:
    """A terminal would wait for their end, in the lines of others too."""
    assert clean("one\x1b]0;two three") == "one"
    assert clean("one\x90two") == "one"


@pytest.mark.parametrize(
    "char",
    [
        # Overrides, embeddings, isolates and marks.
        *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
        # Without a width.
        *"\u200b\u2060\u2061\u2062\u2063\u2064\u2065\u206a\ufeff\u00ad\u180e\u034f\ufff9",
        *"\U0001d173\U0001bca0",
        # Invisible letters, which would make a line that says nothing look like none.
        *"\u115f\u1160\u3164\uffa0\u17b4\U0001d159",
    ],
)
def test_whatCannotBeSeenGoes(char: str) -> None:
    assert clean(char) == ""
    assert clean(f"a{char}b") == "ab"


def test_tagsGo() -> None:
    """They hide text, and a flag of a region loses only the region."""
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "gbeng")
    assert clean(f"a{hidden}b\U000e0001") == "ab"
    assert clean(f"\U0001f3f4{hidden}\U000e007f") == "\U0001f3f4"


@pytest.mark.parametrize("joiner", JOINERS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("J", ""),
        ("aJ", "a"),
        ("Ja", "a"),
        ("a J b", "a  b"),
        ("aJ b", "a b"),
        ("a.Jb", "a.b"),
        ("aJJb", "aJb"),
        ("aJ\u200bJb", "aJb"),
        ("aJ\u202eb", "aJb"),
        ("का J", "का "),
        ("काJ।", "का।"),
        ("क्JJ ", "क्J "),
        ("क्\u093cJ", "क्\u093c"),
    ],
)
def test_joinersThatJoinNothingGo(text: str, expected: str, joiner: str) -> None:
    assert clean(text.replace("J", joiner)) == expected.replace("J", joiner)


@pytest.mark.parametrize("text", ["\u180eᠠ", "ᠠ\u180e", "ᠠ\u180e b", "ᠠ\u180eb", "ᠠ\u180e\u0301"])
def test_mongolianVowelsArePartedInMongolianOnly(text: str) -> None:
    assert clean(text) == text.replace("\u180e", "")


@pytest.mark.parametrize("selector", ["\ufe00", "\ufe0f", "\U000e0100", "\u180b"])
@pytest.mark.parametrize(
    ("text", "expected"), [("V", ""), (" V", " "), ("aVVV", "aV"), ("a\u200dVb", "a\u200db")]
)
def test_selectorsThatVaryNothingGo(text: str, expected: str, selector: str) -> None:
    assert clean(text.replace("V", selector)) == expected.replace("V", selector)


def test_limitOfTheProtocol() -> None:
    assert MAX_MARKS == 4


@pytest.mark.parametrize("mark", ["\u0301", "\u0489", "\u0e49"])
def test_marksAreFewOnABase(mark: str) -> None:
    few = "a" + MAX_MARKS * mark
    assert clean(few + "b" + few) == few + "b" + few
    assert clean(few + 100 * mark + "b") == few + "b"
    assert clean(100 * mark) == MAX_MARKS * mark


def test_marksAreNotCountedAnewBehindWhatGoes() -> None:
    """Nor behind a joiner, which is no base."""
    for between in ["\u200b", "\x00", "\u200d", "\ufe0f"]:
        text = clean("a" + between.join(20 * ["\u0301"]))
        assert sum(char == "\u0301" for char in text) <= MAX_MARKS


def test_surrogatesGo() -> None:
    assert clean("a\ud800b\udfff") == "ab"


# Any text at all.


@settings(max_examples=500)
@given(anyText)
@example("\x1b\x1b[A[A")
@example("a\u200d\ufe0f\u0301")
def test_cleaningIsSafeAndIdempotent(text: str) -> None:
    """
    Nothing unsafe is left, nothing that joins or varies nothing, and no pile of marks; nothing is
    added or moved, and cleaning twice is cleaning once.
    """
    check(text)


def test_inkStays() -> None:
    """And every space of a width. The cell of Braille without a dot is the space in Braille."""
    every = map(chr, range(0x34000))
    text = "".join(
        char
        for char in every
        if (category(char)[0] in "LNPS" or category(char) == "Zs") and char not in INVISIBLE
    )
    assert clean(text) == text.replace("\u2800", " ")
    assert clean("⠓⠑⠇⠇⠕\u2800⠺⠕⠗⠇⠙") == "⠓⠑⠇⠇⠕ ⠺⠕⠗⠇⠙"


@given(anyText, anyText)
def test_nothingReachesAcrossASpace(before: str, behind: str) -> None:
    """But a string of a terminal that has begun takes all up to its end."""
    if not re.search("\x1b|[\x80-\x9f]", before):
        assert clean(f"{before} {behind}") == f"{clean(before)} {clean(behind)}"


@pytest.mark.parametrize("plane", range(17))
def test_everyCharacterBehindALetter(plane: int) -> None:
    """Nothing unsafe is left, and every letter stays."""
    chars = map(chr, range(plane << 16, (plane + 1) << 16))
    # Those that begin a sequence have their own tests.
    text = clean("".join("a" + char for char in chars if category(char) != "Cc"))
    checkSafe(text)
    assert text.count("a") == (1 << 16) - (65 if plane == 0 else 0) + (plane == 0)


@pytest.mark.parametrize(
    "worst", ["\x1b", "\x1b[", "\x1b]", "\x9b0", "\x9d", "e\u0301", "\u200d", "\0"]
)
def test_workIsLinear(worst: str) -> None:
    """Were each character compared to all behind it, a moment would become minutes."""
    begun = process_time()
    clean(worst * 100_000)
    assert process_time() - begun < 10
