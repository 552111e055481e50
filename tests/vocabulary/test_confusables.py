"""Tests for L{chat.vocabulary.confusables}."""

from __future__ import annotations

import re
import unicodedata
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary import confusables
from chat.vocabulary.confusables import look


@pytest.mark.parametrize(
    ("name", "other"),
    [
        # The same strokes within ASCII.
        ("b0b", "bob"),
        ("B0B", "bob"),
        ("aIice", "alice"),
        ("a1ice", "Alice"),
        ("ALlCE", "alice"),
        ("a1ice", "ALICE"),
        ("AIice", "Alice"),
        ("Iucy", "Lucy"),
        ("Lan", "Ian"),
        ("rnary", "mary"),
        ("rnary", "Mary"),
        ("rnary", "MARY"),
        ("lan", "Ian"),
        # Within Latin.
        ("ɑlice", "alice"),
        ("bοb".replace("ο", "ᴏ"), "bob"),
        ("ıan", "ian"),
        ("i\u0307rem", "irem"),
        ("ELİF", "Elif"),
        ("İsmail", "ismail"),
        ("bob\u02bc", "bob"),
        ("Liliʻuokalani", "Liliuokalani"),
        # A script as such.
        ("саса", "caca"),
        ("СаСа", "caca"),
        ("КАТЕ", "kate"),
        ("ВОВ", "bob"),
        ("вов", "bob"),
        ("Том", "Tom"),
        ("\u051a\u051a", "QQ"),
        ("ΑΝΝΑ", "anna"),
        ("οοο", "ooo"),
        ("ꓐꓳꓐ", "bob"),
        ("ᏚᎥᏀ", "sig"),
        ("ꮪꭵꮐꮋꭺꮮ", "Sighal"),
        ("ᴀʟɪᴄᴇ", "alice"),
        ("ᴍᴇɢ-ᴊᴏʜɴ", "MEG-JOHN"),
        ("ꜰʀᴇᴅ-ᴘꜱᴜꞯ", "fred-psuq"),
        # Chinese and Japanese.
        ("ニ", "二"),
        ("ー", "一"),
        ("ロ", "口"),
        ("カ", "力"),
        ("ヘ", "へ"),
        ("ベ", "べ"),
        ("タ", "夕"),
        ("ト", "卜"),
        ("リ", "り"),
        ("チ", "千"),
        ("知已", "知己"),
        ("巳", "己"),
        ("末来", "未来"),
        ("曰月", "日月"),
        ("人江", "入江"),
        ("士", "土"),
        ("戍", "戌"),
        # The same letter in several languages, and the same word in several ways.
        ("علي", "علی"),
        ("کريم", "كريم"),
        ("فاطمه", "فاطمہ"),
        ("മോഹൻ", "മോഹന്\u200d"),
        ("น\u0e49ำ", "น\u0e4d\u0e49า"),
        # What cannot be seen.
        ("علی\u200cرضا", "علیرضا"),
        ("葛\U000e0100城", "葛城"),
    ],
)
def test_looksLikeAnother(name: str, other: str) -> None:
    assert look(name) == look(other)


@pytest.mark.parametrize("kind", ["LATIN", "GREEK", "CYRILLIC"])
def test_smallCapitalsLookAsCapitalsDo(kind: str) -> None:
    """All for which Unicode has capitals; those with a mark or turned, too."""
    pairs = {
        char: unicodedata.lookup(name.replace("LETTER SMALL CAPITAL", "CAPITAL LETTER"))
        for char in map(chr, range(0x20000))
        if (name := unicodedata.name(char, "")).startswith(f"{kind} LETTER SMALL CAPITAL ")
        and not re.search("INVERTED|REVERSED|BARRED| OE|TURNED [^KM]| RUM|RIGHT LEG", name)
    }
    # Among capitals, or an I is a stroke.
    assert {char: look(f"{char}BB") for char in pairs} == {
        char: look(f"{capital}BB") for char, capital in pairs.items()
    }
    assert pairs


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("bob", "rob"),
        ("bob", "bob1"),
        ("user2", "user1"),
        ("jose", "josé"),
        # A stroke counts as a mark does.
        ("bøb", "bob"),
        ("ᏏᎾᏏ", "bob"),
        ("大郎", "太郎"),
        ("王", "玉"),
        ("Irem", "İrem"),
        ("李雷", "李蕾"),
        ("Kai", "Kal"),
        ("KAI", "Kal"),
        ("Ai", "Al"),
        ("IAN", "lan"),
        # Readers of a script tell its letters apart.
        ("ดิว", "ติว"),
        ("แดง", "แตง"),
        ("ชาย", "ซาย"),
        ("ثریا", "پریا"),
        ("رون", "روں"),
        ("רון", "רוו"),
        ("രവി", "റവി"),
        ("റിമ", "റീമ"),
        ("චන්දනා", "වන්දනා"),
        ("ដារា", "តារា"),
        ("小鹃", "小鹂"),
        ("Գոռ", "Զոռ"),
        ("Ρόζα", "Σόζα"),
        ("Όλγα", "Σλγα"),
        ("ヤ", "や"),
        ("malice", "alice"),
    ],
)
def test_looksLikeNoOther(name: str, other: str) -> None:
    assert look(name) != look(other)


@given(st.text("0Oo1lI|mMrnbBсСВкаАᴀʟɪꮐニ二ー一已末", max_size=8))
def test_aLookStaysTheSameWhenItIsLookedAtAgain(text: str) -> None:
    assert look(look(text)) == look(text)


@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x21)))
def test_plainNamesLookAsTheyDoAmongOthers(text: str) -> None:
    """They take a shorter way."""
    assert look(text + "\u200c") == look(text)


def test_theTableIsLoadedQuickly() -> None:
    confusables._prototypes.cache_clear()
    begun = process_time()
    look("bob")
    assert process_time() - begun < 0.5
