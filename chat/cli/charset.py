"""
The charset of the locale (POSIX XBD section 7.3.1, C{LC_CTYPE}): a terminal in
C{zh_CN.GB18030} sends and shows GB18030, and so do the programs at the ends of a pipe.

The client has text inside, and UTF-8 on the connection.  Text is decoded where it comes in
(L{chat.editor.keys}, L{chat.cli.streams}) and encoded where it is shown.
"""

from __future__ import annotations

import codecs
import locale

UTF8 = "utf-8"


def localeCharset() -> str:
    """
    @return: the name of Python's codec for the charset of the locale.  In the C locale, whose
        ASCII says nothing about the terminal, and where Python has no codec, it is UTF-8.
    """
    # Python has taken over the locale at its start, and knows when to read C as UTF-8 (PEP 540).
    return codecNamed(locale.getpreferredencoding(False))


def codecNamed(charset: str) -> str:
    """
    @param charset: as C{nl_langinfo(CODESET)} spells it.
    @return: as L{localeCharset}.
    """
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return UTF8
    return UTF8 if name == "ascii" else name


def encoded(text: str, charset: str) -> bytes:
    """
    @return: a text for the terminal; what its charset lacks is shown as C{?}.
    """
    return text.encode(charset, "replace")
