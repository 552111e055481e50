"""
What a password may be, and when two of them are the same.

A password is an OpaqueString (RFC 8265, section 4.2: any character that shows,
spaces become plain ones, NFC), so it does not matter which keyboard an accent or
a space comes from.  Case and width matter.  What is too long is refused, not
cut.
"""

from __future__ import annotations

from precis_i18n import get_profile

from chat.vocabulary.errors import PasswordInvalid

MIN_LENGTH = 8
"""The shortest password, in code points."""

MAX_LENGTH = 128
"""The longest password, in code points."""

_opaque = get_profile("OpaqueString")


def prepare(password: str) -> bytes | None:
    """
    Bring a password into the one form in which it is hashed.

    @param password: as it was typed.
    @return: UTF-8, or L{None} where this cannot be a password.  It raises
        nothing: the traceback would lead to the password.
    """
    # NFC makes one code point of four at the most.
    if len(password) > 4 * MAX_LENGTH:
        return None
    try:
        prepared: str = _opaque.enforce(password)
    except UnicodeEncodeError:
        return None
    return prepared.encode() if MIN_LENGTH <= len(prepared) <= MAX_LENGTH else None


def refusal() -> PasswordInvalid:
    """
    @return: what tells somebody that this cannot be a password.
    """
    return PasswordInvalid(f"{MIN_LENGTH}–{MAX_LENGTH}")
