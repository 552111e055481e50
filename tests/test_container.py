"""
The Dockerfile and compose.yaml, as far as no Docker is needed.
"""

import json
import re

from chat.options import DATABASE, DEFAULT_PORT, Options
from tests.support.pages import ROOT

_DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
_COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")


def _words(instruction: str) -> list[str]:
    [found] = re.findall(rf"^{instruction} .*?(\[.*\])$", _DOCKERFILE, re.MULTILINE)
    words: list[str] = json.loads(found)
    return words


def test_imageStartsTheServiceOnItsPortWithItsDataInTheVolume() -> None:
    _twistd, _, given = " ".join(_words("ENTRYPOINT")).partition(" tcpchat ")
    options = Options()
    options.parseOptions(given.split())
    assert options["ports"] == [DEFAULT_PORT]
    assert options["database"] == DATABASE
    assert f"\nEXPOSE {DEFAULT_PORT}\n" in _DOCKERFILE
    assert "STATE_DIRECTORY=/data " in _DOCKERFILE
    assert "\nVOLUME /data\n" in _DOCKERFILE
    assert "- data:/data\n" in _COMPOSE


def test_healthIsAskedWhereTheServiceTellsIt() -> None:
    [port] = re.findall(r"tcp:(\d+):interface=127", " ".join(_words("ENTRYPOINT")))
    program = _words("HEALTHCHECK")[-1]
    compile(program, "HEALTHCHECK", "exec")
    assert f"http://127.0.0.1:{port}/healthz" in program


def test_imageRunsWithoutRoot() -> None:
    ran = _DOCKERFILE.rpartition("\nFROM ")[2]
    assert ran.index("\nUSER tcpchat\n") < ran.index("\nENTRYPOINT")


def test_whatTheWheelIsBuiltFromIsSentToDocker() -> None:
    """Everything else is left out, by the * at the beginning."""
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"*", "!chat", "!share", "!pyproject.toml", "!README.md", "!LICENSE*"} <= {*sent}
    assert "!twisted/plugins/tcpchat_plugin.py" in sent
