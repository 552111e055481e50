"""
The targets of the fuzzer, without the fuzzer: each with its seeds.
"""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.fuzz import commands, conversation, framing, telnet, text
from tests.fuzz.source import Source, ways


@pytest.mark.parametrize("target", [framing, telnet, commands, text, conversation])
def test_targetsHoldForTheirSeeds(target: ModuleType) -> None:
    for seed in target.SEEDS:
        target.oneInput(seed)


def test_sourceIsUsedUpFromItsBeginning() -> None:
    source = Source(b"\x0a\x02\x01\x03abcdefgh")
    assert source.number(4) == 2
    assert source.pieces() == [b"a", b"bcd", b"e", b"fgh"]
    assert source.number(10) == 0
    assert source.rest() == b""
    assert Source(b"\x00abc").pieces() == [b"abc"]
    assert Source(b"\x01\x00abc").pieces() == [b"abc"]
    assert Source(b"a\xff\xe4\xbd\xa0").text() == "a\udcff你"


def test_waysCutTheSameBytes() -> None:
    assert list(ways([b"ab", b"c"])) == [[b"ab", b"c"], [b"abc"], [b"a", b"b", b"c"]]
    assert list(ways([b"x" * 5000])) == 2 * [[b"x" * 5000]]
