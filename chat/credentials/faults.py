"""
What the log may know of an exception that was raised where a password is at
hand: all but its message, which may quote anything.
"""

from __future__ import annotations

import os.path

from twisted.python.failure import Failure
from twisted.python.reflect import qual


def kindOf(failure: Failure) -> str:
    """
    @return: the name of the exception, with its module.
    """
    return qual(type(failure.value))


def traceOf(failure: Failure) -> str:
    """
    @return: the calls that led to the exception, the outermost first, as
        C{function (file:line)}; perhaps nothing.
    """
    return ", ".join(
        f"{function} ({os.path.basename(path)}:{line})"
        for function, path, line, *_ in failure.frames
    )
