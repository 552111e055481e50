"""
Links from the API reference to the documentation of Python and Twisted.

pydoctor would fetch an inventory from each of these sites at every build. The addresses of their
pages follow from the names, so no network is needed.
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
    The addresses of names outside of this project.
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
    The model that pydoctor builds, with links by L{Inventory}.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.intersphinx = Inventory(self.msg)


def _pageOf(name: str) -> tuple[str, str]:
    """
    Find the page of a name: modules and classes have pages of their own, with all that they
    contain.

    @return: The page, and the place on it, which is empty for the whole page.
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
        # A class, for instance, cannot contain a module.
        return False
