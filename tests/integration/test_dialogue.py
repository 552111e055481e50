"""
Every command in one long conversation, over real sockets: C{dialogue.txt}, in which alice types
most.

Alice uses a plain socket in text, one in JSON, and the C{tcpchat} command, in English and in
Chinese; the other users have plain sockets.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from time import monotonic
from typing import Protocol

import pytest

from chat import __version__
from tests.integration.command import Command
from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon

DIALOGUE = Path(__file__).with_name("dialogue.txt")

GONE = "(gone)"

# The parts of lines that differ in every run.
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d|(?<=\[)\d\d:\d\d(?=\])")
_UPTIME = re.compile(r"\d+(s| 秒)(?=[.。])")
_MASKED = {"at", "since", "until", "seconds", "idle"}


@dataclass
class Step:
    """
    A user types a line.

    @ivar heard: the lines that are heard: those of alice by the form in which alice reads, those of
        the others by their names.
    """

    who: str
    typed: str
    heard: dict[str, list[str]] = field(default_factory=dict)


def steps() -> Iterator[Step]:
    """
    All steps of the dialogue.  A line is C{alice> what alice types} or C{bob | what bob hears}; the
    lines that alice hears stand behind C{en}, C{zh} and C{json}.
    """
    step: Step | None = None
    for line in DIALOGUE.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if heard := re.match(r"([\w-]+) +\| (.*)", line):
            assert step is not None
            step.heard.setdefault(heard[1], []).append(heard[2])
            continue
        if step is not None:
            yield step
        who, _, typed = line.partition("> ")
        step = Step(who, typed)
    assert step is not None
    yield step


class Speaker(Protocol):
    """
    One way to take part.
    """

    def send(self, *lines: str) -> None: ...

    def catchUp(self) -> list[str]: ...

    def eof(self) -> list[str]: ...


class Program:
    """
    The C{tcpchat} command between pipes.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self._received = b""
        self._pings = 0

    def send(self, *lines: str) -> None:
        self._command.type(*lines)

    def catchUp(self) -> list[str]:
        self._pings += 1
        token = f"caught-up-{self._pings}"
        self._command.type(f"/ping {token}")
        end = f"--- PONG {token}\n".encode()
        assert self._command.process.stdout is not None
        out = self._command.process.stdout.fileno()
        deadline = monotonic() + 20
        while end not in self._received:
            assert select([out], [], [], max(deadline - monotonic(), 0))[0], self._received
            data = os.read(out, 65536)
            assert data, self._received
            self._received += data
        lines, _, self._received = self._received.partition(end)
        return lines.decode().splitlines()

    def eof(self) -> list[str]:
        status, lines, errors = self._command.end()
        assert (status, errors) == (0, "")
        return [*self._received.decode().splitlines(), *lines]


def _speaker(stack: ExitStack, daemon: Daemon, form: str, language: str) -> Speaker:
    """
    @return: alice, with the welcome read.
    """
    if form == "tcpchat":
        arguments = ("--nick", "alice", "--language", language, "127.0.0.1", daemon.port)
        program = Program(stack.enter_context(Command(*arguments)))
        program.catchUp()
        return program
    peer = stack.enter_context(daemon.connect())
    peer.send(f"/lang {language}", *(["/format json"] if form == "json" else []), "alice")
    peer.catchUp()
    return peer


def _masked(line: str) -> str:
    """
    @return: a line of text, with a visible bell and without the parts that differ in every run.
    """
    line = _UPTIME.sub("TIME", _TIME.sub("TIME", line))
    return line.replace("\a", "(bell)").replace(__version__, "VERSION")


def _brief(line: str) -> str:
    """
    @return: a line of JSON without the parts that differ in every run or language.
    """
    event = json.loads(line)
    rows = [row for value in event.values() if isinstance(value, list) for row in value]
    for mapping in (event, *(row for row in rows if isinstance(row, dict))):
        for name in _MASKED & mapping.keys():
            del mapping[name]
    if event["event"] in ("done", "refused", "warned", "closed", "helped"):
        assert event.pop("text")
    return json.dumps(event, ensure_ascii=False).replace(__version__, "VERSION")


def _heard(lines: list[str], form: str) -> list[str]:
    """
    @return: the lines that alice has heard, as the dialogue has them.
    """
    if form != "json":
        return [*map(_masked, lines)]
    # The disk decides when that comes.
    return [_brief(line) for line in lines if not line.startswith('{"event":"stored"')]


def _expected(step: Step, form: str, language: str) -> list[str]:
    """
    @return: the lines that alice should hear.  Where the command shows something else than the
        service writes, the dialogue has it behind C{tcpchat-} and the language.
    """
    key = "json" if form == "json" else language[:2]
    return step.heard.get(f"{form}-{key}", step.heard.get(key, []))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("form", ["text", "json", "tcpchat"])
def test_dialogueReadsAsWritten(
    startDaemon: StartDaemon, tmp_path: Path, form: str, language: str
) -> None:
    motd = tmp_path / "motd"
    motd.write_text("Be kind.\n")
    daemon = startDaemon("--operator", "alice", "--motd", str(motd))
    with ExitStack() as stack:
        speakers: dict[str, Speaker] = {"alice": _speaker(stack, daemon, form, language)}
        for step in steps():
            if step.who not in speakers:
                speakers[step.who] = peer = stack.enter_context(daemon.connect())
                peer.expect("Choose a nickname")
            speakers[step.who].send(step.typed)
            # Read the answer first, then the lines of the others.
            for name in sorted(speakers, key=lambda name: name != step.who):
                expected = step.heard.get(name, [])
                isGone = GONE in expected
                lines = speakers[name].eof() if isGone else speakers[name].catchUp()
                if name == "alice":
                    assert _heard(lines, form) == _expected(step, form, language), step
                else:
                    assert [*map(_masked, lines), *([GONE] if isGone else [])] == expected, step
                if isGone:
                    del speakers[name]
        assert list(speakers) == []
