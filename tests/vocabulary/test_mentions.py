"""Tests for L{chat.vocabulary.mentions}."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.mentions import isNamedIn


@pytest.mark.parametrize(
    ("text", "nick"),
    [
        ("bob", "bob"),
        ("BOB!", "bob"),
        ("hello, Bob: how are you?", "bob"),
        ("(bob)", "bob"),
        ("bob's", "bob"),
        ("bob- hello", "bob"),
        ("- bob", "bob"),
        ("-bob", "bob"),
        ("bob--yes", "bob"),
        ("问bob吧", "bob"),
        ("你好李雷", "李雷"),
        ("bobs and bob", "bob"),
        ("STRASSE", "straße"),
        ("mail bob@example.org", "bob"),
        ("annann ann", "ann"),
        # However it is written.
        ("Jose\u0301!", "José"),
        ("José!", "Jose\u0301"),
        ("ａｎｎ", "ann"),
        ("ﾊﾅｺ", "ハナコ"),
        ("سلام علیرضا", "علی\u200cرضا"),
        ("ශ්\u200dරී!", "ශ්රී"),
        ("Ян, привет", "Ян"),
        ("سلام علی!", "علی"),
        # Without spaces between words.
        ("小明你好", "小明"),
        ("问小明2点来吗", "小明"),
        ("我和Bob去", "bob"),
        ("太郎さん、元気", "太郎"),
        ("ハナコはここ", "ハナコ"),
        ("สวัสดีสมชายครับ", "สมชาย"),
        ("ສະບາຍດີຄຳແພງ", "ຄຳແພງ"),
        ("សួស្តីសុខា", "សុខា"),
        ("မင်္ဂလာပါအောင်အောင်", "အောင်"),
        # Particles behind a name.
        ("철수야 밥 먹자", "철수"),
        ("철수는 어디?", "철수"),
        ("김철수님", "김철수"),
        ("Bob님 안녕", "bob"),
        ("철수에게 물어봐", "철수"),
        ("저는 철수입니다", "철수"),
        ("철수선배!", "철수"),
        ("지민ㅋㅋ", "지민"),
        ("철수ㅠㅠ", "철수"),
        # Right in front of it, and joined by nothing.
        ("خالد ومحمد", "محمد"),
        ("שרה ודוד", "דוד"),
        ("علی\u200cجان سلام", "علی"),
        ("سلام علی\u200cرضا", "علی\u200cرضا"),
        # A hyphen parts words where nothing else would.
        ("小明-你好", "小明"),
        ("你好-小明", "小明"),
        # What writers leave out.
        ("ΓΙΩΡΓΟΣ!", "Γιώργος"),
        ("γιωργος", "Γιώργος"),
        ("مُحَمَّد!", "محمد"),
        ("دانا", "دانــا"),
        ("דוד!", "דָּוִד"),
        # Both letters i.
        ("ismail gel", "İsmail"),
        ("ELİF!", "Elif"),
        ("IŞIL!", "Işıl"),
        # What varies the look of a character.
        ("bob\ufe0f hi", "bob"),
    ],
)
def test_namesAreFoundInText(text: str, nick: str) -> None:
    assert isNamedIn(text, nick)


@pytest.mark.parametrize(
    ("text", "nick"),
    [
        ("", "bob"),
        ("hello", "bob"),
        ("bobs", "bob"),
        ("kebob", "bob"),
        ("bob_", "bob"),
        ("bob2", "bob"),
        ("hello", ""),
        ("b.b", "b-b"),
        ("bob-2", "bob"),
        ("anti-bob", "bob"),
        ("_bob", "bob"),
        ("Robå", "Rob"),
        ("Roba\u030a", "Rob"),
        ("Rob\u030a", "Rob"),
        ("åRob", "Rob"),
        ("январь", "Ян"),
        ("علیرضا", "علی"),
        ("क्\u200cष", "क्"),
        ("शिवानी", "शिव"),
        ("ರಾಮಯ್ಯ", "ರಾಮ"),
        ("bob๑", "bo"),
        ("bob²", "bob"),
        # Within a syllable, whatever goes without spaces.
        ("สมิ", "สม"),
        ("เมือง", "มือง"),
        ("ស្រី", "រី"),
        ("小明_2", "小明"),
        ("小明-2", "小明"),
        # Other Korean names.
        ("철수민", "철수"),
        ("김철수", "철수"),
        ("والمحمد", "محمد"),
        ("كومحمد", "محمد"),
    ],
)
def test_partsOfWordsAreNoNames(text: str, nick: str) -> None:
    assert not isNamedIn(text, nick)


_text = st.text("abåЯн 小명님เม\u0e34١\u200c-_1!\u0301", max_size=12)


@given(_text, _text)
def test_compositionAndCaseAreNoDifference(text: str, nick: str) -> None:
    assert isNamedIn(normalize("NFD", text), nick) == isNamedIn(text, nick)
    assert isNamedIn(text.swapcase(), nick) == isNamedIn(text, nick)


@given(_text, st.text("abåЯн小명เม", min_size=1, max_size=5))
def test_aNameByItselfIsFound(text: str, nick: str) -> None:
    assert isNamedIn(f"{text} {nick}, {text}", nick)
