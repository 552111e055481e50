"""
The rings, as far as import-linter cannot see them in the source: the modules that are loaded in the
end, and the picture of them.
"""

from __future__ import annotations

import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pkgutil import walk_packages
from typing import Any

import pytest

import chat
from tests.support.pages import ROOT
from tests.support.programs import runPython

MODULES = ["chat", *(found.name for found in walk_packages(chat.__path__, "chat."))]


def _withoutTwisted() -> list[str]:
    """The modules that run without Twisted, as the configuration of import-linter has it."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        contracts = tomllib.load(stream)["tool"]["importlinter"]["contracts"]
    [packages] = [each["source_modules"] for each in contracts if each["id"] == "without-twisted"]
    return [
        "chat.interfaces",
        *(name for name in MODULES if name.rpartition(".")[0] in packages),
    ]


def _loadedBy(*modules: str) -> set[str]:
    """The modules that are loaded in a fresh interpreter when these have been imported."""
    program = "import sys, importlib\n"
    program += "[importlib.import_module(name) for name in sys.argv[1:]]\n"
    program += "print('\\n'.join(sys.modules))"
    return set(runPython("-c", program, *modules).split())


def test_findsTheModules() -> None:
    assert {"chat.tap", "chat.protocols.line", "chat.vocabulary.sanitizing"} <= set(MODULES)


def test_noImportInstallsAReactor() -> None:
    """The operator chooses the reactor; the core is given a clock."""
    loaded = _loadedBy(*MODULES)
    assert loaded >= set(MODULES)
    assert "twisted.internet.reactor" not in loaded


def test_findsTheModulesWithoutTwisted() -> None:
    found = {"chat.vocabulary.events", "chat.rendering.text", "chat.editor.keys"}
    assert found <= set(_withoutTwisted())


@pytest.mark.parametrize("module", _withoutTwisted())
def test_runsWithoutTwisted(module: str) -> None:
    """Each is loaded in a process of its own, with nothing that another module has loaded."""
    loaded = _loadedBy(module)
    assert module in loaded
    assert not {name for name in loaded if name.partition(".")[0] == "twisted"}


def test_pluginInstallsNoReactor() -> None:
    """twistd imports it before it knows the reactor."""
    assert "twisted.internet.reactor" not in _loadedBy("twisted.plugins.tcpchat_plugin")


def test_vocabularyNeedsNothingOfTheCore() -> None:
    """The client uses it without a hub."""
    loaded = _loadedBy(
        "chat.rendering.jsonlines",
        "chat.vocabulary.verbs",
        "chat.vocabulary.names",
        "chat.editor.completion",
    )
    assert not {name for name in loaded if name.startswith(("chat.core", "chat.delivery"))}


def test_coreKnowsNoStore() -> None:
    """Neither the hub nor a session needs SQL."""
    loaded = _loadedBy("chat.session.session")
    assert not {name for name in loaded if name == "sqlite3" or name.startswith("chat.store")}


# The picture of docs/architecture.md.


def _drawing() -> Any:
    """docs/rings.py as a module."""
    spec = spec_from_file_location("rings", ROOT / "docs/rings.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["rings"] = module
    spec.loader.exec_module(module)
    return module


def test_pictureShowsTheImportsAsTheyAre() -> None:
    rings = _drawing()
    isThere = rings.PICTURE.read_text(encoding="utf-8") == rings.picture()
    assert isThere, "the rings have changed: python docs/rings.py draws them anew"


def test_noArrowOfThePicturePointsUpwards() -> None:
    rings = _drawing()
    below, above = (rings.Box(name, row, 0, 0, 1, 1) for name, row in [("below", 1), ("above", 0)])
    assert rings.arrowOf(above, below, False)
    for start, end in [(below, above), (above, above)]:
        with pytest.raises(ValueError, match="which is no ring below it"):
            rings.arrowOf(start, end, False)
