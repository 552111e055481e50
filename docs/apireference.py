"""
What pydoctor does not know by itself: where names are documented that are not ours.

pydoctor would fetch an inventory from each of those sites at every build. Their addresses follow
from the names, so this needs no network.
"""

import builtins
import sys
from importlib.util import find_spec

from pydoctor.model import System as PydoctorSystem
from pydoctor.sphinx import SphinxInventory

_PYTHON = "https://docs.python.org/3/library"
_TWISTED = "https://docs.twisted.org/en/stable/api"


class Inventory(SphinxInventory):
    """
    Names outside of this project.
    """

    def getLink(self, name: str) -> str | None:
        """
        @return: The address of the documentation of C{name}, a full name, if it is known.
        """
        if name in ("None", "True", "False"):
            return f"{_PYTHON}/constants.html#{name}"
        known = getattr(builtins, name, None)
        if isinstance(known, type):
            page = "exceptions" if issubclass(known, BaseException) else "stdtypes"
            return f"{_PYTHON}/{page}.html#{name}"
        if name.partition(".")[0] in sys.stdlib_module_names:
            return f"{_PYTHON}/{name.partition('.')[0]}.html#{name}"
        if name.startswith("twisted."):
            page, member = _pageOf(name)
            return f"{_TWISTED}/{page}.html" + (f"#{member}" if member else "")
        return super().getLink(name)


class System(PydoctorSystem):
    """
    What pydoctor knows, with L{Inventory}.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.intersphinx = Inventory(self.msg)


def _pageOf(name: str) -> tuple[str, str]:
    """
    Modules and classes have pages of their own; what they contain stands on these.

    @return: The page, and what on it is meant: nothing if it is the whole page.
    """
    parts = name.split(".")
    for end in range(len(parts), 1, -1):
        page = ".".join(parts[:end])
        # By Twisted's rules a name with a capital is a class.
        if parts[end - 1][:1].isupper() or _isModule(page):
            return page, ".".join(parts[end:])
    return name, ""


def _isModule(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        # What it would be in is no package.
        return False
