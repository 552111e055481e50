"""
Lines that a user may type, at random.
"""

from __future__ import annotations

from hypothesis import strategies as st

from chat.vocabulary.verbs import VERBS

OPERATOR = "root"
PASSWORD = "open-sesame"
NICKS = ["n0", "n1", "N2", "ann", "Ann", OPERATOR, "小明"]

_verbs = [alias for verb in VERBS for alias in (verb.name, *verb.aliases[-1:])]
_arguments = st.one_of(
    st.sampled_from(NICKS),
    st.sampled_from(["#lobby", "#a", "#b", "#c", "in #a", "from n1"]),
    st.sampled_from(["key", "key none", "private", "topic owner", "on", "off", "end", "mention"]),
    st.sampled_from(["0", "1", "2", "1000", "after 0", "since 1h", "1h", "99999999999999999"]),
    st.sampled_from(["192.0.2.1", "10.0.0.0/8", "::/0", "%", "/", PASSWORD, "json", "text"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=30),
)

lines = st.one_of(
    st.builds(
        lambda verb, rest: " ".join(["/" + verb, *rest]),
        st.sampled_from([*_verbs, *["join", "part", "nick", "login", "mode"] * 6]),
        st.lists(_arguments, max_size=3),
    ),
    st.sampled_from([f"/login {OPERATOR} {PASSWORD}", f"/register {PASSWORD}", "/mode private on"]),
    st.sampled_from(["/join #a", "/join #b", "/format json", "/format text", PASSWORD, *NICKS]),
    _arguments,
)
"""What makes sense more often than not."""

texts = st.one_of(
    lines,
    st.builds(
        "".join,
        st.lists(
            st.sampled_from([*"/／、 \u3000#@\t\u0301\ufe0f\u200d\x1b\x85", *_verbs])
            | st.characters()
            | _arguments,
            max_size=12,
        ),
    ),
)
"""Any text, which is often nearly a command."""
