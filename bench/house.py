"""
Measures the house rather than its speed: how much there is to read, and how much of it runs for a
line. Prints the measures of C{docs/architecture.md}. It is run from the directory of a checkout::

    python bench/house.py [DIRECTORY]

The directory may hold another version, however its modules and classes are called: nothing here
names them, except for C{service.py} and C{work.py} of C{tests/support}, which run the service
without a network. It needs grimp, which comes with import-linter.
"""

from __future__ import annotations

import ast
import gc
import importlib
import sys
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import grimp

USERS = 20
"""How many users come, and how many more, until the objects that one more takes are known."""


def modulesInTheRoot(root: Path) -> int:
    """
    @return: The number of modules beside the folders of chat/; C{__init__} is none.
    """
    return len([path for path in (root / "chat").glob("*.py") if path.stem != "__init__"])


def layers(root: Path) -> int:
    """
    @return: The number of layers in the contract C{rings} of import-linter.
    """
    with (root / "pyproject.toml").open("rb") as stream:
        contracts = tomllib.load(stream)["tool"]["importlinter"]["contracts"]
    [rings] = [contract for contract in contracts if contract["id"] == "rings"]
    return len(rings["layers"])


def circles() -> list[list[str]]:
    """
    @return: The modules of each circle of imports, those for type checking included.
    """
    graph = grimp.build_graph("chat", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    reached = {module: _reachedFrom(module, imports) for module in imports}
    found = {
        frozenset(other for other in reached[module] if module in reached[other])
        for module in imports
        if module in reached[module]
    }
    return sorted(map(sorted, found))


def _reachedFrom(module: str, imports: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    new = set(imports[module])
    while new:
        reached |= new
        new = {each for other in new for each in imports[other]} - reached
    return reached


def classesOfOneName(root: Path) -> list[str]:
    """
    @return: The names that more than one class in chat/ has. C{_Room} and C{Room} are one.
    """
    names = Counter(
        node.name.lstrip("_")
        for path in (root / "chat").rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    return sorted(name for name, count in names.items() if count > 1)


def lines(root: Path, directory: str) -> int:
    """
    @return: The number of lines in all Python files below a directory.
    """
    files = (root / directory).rglob("*.py")
    return sum(len(path.read_bytes().splitlines()) for path in files)


def double(name: str) -> Any:
    """
    @return: A module with doubles of the tests.
    """
    try:
        return importlib.import_module(f"tests.support.{name}")
    except ModuleNotFoundError:
        # Until tests/support was made.
        return importlib.import_module(f"tests.{name}")


def framesOf(root: Path, act: Callable[[], object]) -> Counter[str]:
    """
    @return: How many frames of chat/ are entered meanwhile, by file.
    """
    ours = str(root / "chat")
    frames: Counter[str] = Counter()

    def called(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(ours):
            frames[frame.f_code.co_filename] += 1

    # An object that is collected meanwhile must not be called back.
    gc.collect()
    gc.disable()
    sys.setprofile(called)
    try:
        act()
    finally:
        sys.setprofile(None)
        gc.enable()
    return frames


def framesOfALine(root: Path, line: str) -> Counter[str]:
    """
    @return: The frames from a line of a user, who is in the lobby with one other, until both have
        what they are told. The store is a file; what its thread does is not counted.
    """
    with TemporaryDirectory() as directory, double("work").Hall(Path(directory), 1) as hall:
        for _ in range(3):
            hall.say()()
        hall.sendsTo(hall.readers + hall.authors)
        [author] = hall.authors
        author.send(f"{line}\r\n".encode())
        frames = framesOf(root, hall.take)
        assert any(hall.sendsTo(hall.readers + hall.authors))
    return frames


def objectsPerUser() -> Counter[str]:
    """
    @return: Of which classes of chat/ one more user that is in the lobby has objects, and how many.
    """
    service = double("service").Service()
    peers = [service.connect(f"early{number}") for number in range(USERS)]
    before = _ours()
    peers += [service.connect(f"late{number}") for number in range(USERS)]
    after = _ours()
    service.close()
    assert len(peers) == 2 * USERS
    return Counter({name: round((after[name] - before[name]) / USERS) for name in after - before})


def _ours() -> Counter[str]:
    gc.collect()
    return Counter(
        f"{type(each).__module__}.{type(each).__qualname__}"
        for each in gc.get_objects()
        if str(type(each).__module__).partition(".")[0] == "chat"
    )


def main(arguments: list[str]) -> None:
    """
    @param arguments: A directory, if it is not the one that has this file.
    """
    root = Path(arguments[0] if arguments else Path(__file__).parents[1]).resolve()
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True
    found, names = circles(), classesOfOneName(root)
    said, joined = (framesOfALine(root, line) for line in ("hello", "/join #x"))
    objects = objectsPerUser()
    rows = [
        ("modules in the root of chat/", f"{modulesInTheRoot(root)}"),
        ("layers · import cycles", f"{layers(root)} · {len(found)}"),
        ("class names used more than once in chat/", f"{len(names)}"),
        ("calls of our own code for one line · files", f"{said.total()} · {len(said)}"),
        ("calls for /join #x · files", f"{joined.total()} · {len(joined)}"),
        ("objects of ours per user with a nickname", f"{objects.total()}"),
        ("lines in chat/ · tests/", f"{lines(root, 'chat')} · {lines(root, 'tests')}"),
    ]
    for what, figure in rows:
        print(f"{what:46}{figure}")
    print()
    for about, what in (
        *(("circle", " ".join(circle)) for circle in found),
        *(("shared name", name) for name in names),
        *(("object", f"{count} {name}") for name, count in sorted(objects.items())),
    ):
        print(f"{about:14}{what}")


if __name__ == "__main__":
    main(sys.argv[1:])
