"""
Terminals that send each key at once: what is corrected on them is said as corrected.
"""

from tests.integration.conftest import Join
from tests.integration.daemon import Daemon
from tests.integration.tmux import Screen
from tests.support.programs import requireProgram

PASSWORD = "open-sesame"


def test_eachKeyIsSentAtOnce(daemon: Daemon, join: Join) -> None:
    """A nickname, a line, an addressee and a password are what their author has left of them."""
    nc = requireProgram("nc")
    bob = join("bob")
    with Screen() as screen:
        screen.enter(f"stty raw -echo; {nc} 127.0.0.1 {daemon.port}")
        screen.expect(lambda lines: any("Choose a nickname" in line for line in lines))
        screen.press("x", "C-u", "a", "l", "l", "BSpace", "i", "c", "e", "Enter")
        assert bob.line() == "--> alice joined #lobby (2 here)"
        screen.type("你号")
        screen.press("BSpace")
        screen.enter("好 wrold")
        screen.type("hello wrold")
        screen.press("C-w")
        screen.enter("world")
        screen.type("/msg bobb")
        screen.press("C-h")
        screen.enter(" psst")
        said = [bob.line() for _ in range(3)]
        assert said == ["alice: 你好 wrold", "alice: hello world", "[alice -> you] psst"]
        screen.type("secrets")
        screen.press("Left", "Left", "Enter")
        screen.expect(lambda lines: any("(cursor-keys)" in line for line in lines))
        screen.type(f"/register {PASSWORD}s")
        screen.press("BSpace", "Enter")
        screen.enter("/quit")
        # Nothing of the line with the cursor keys.
        assert bob.line() == "<-- alice left #lobby: quit (1 here)"
    bob.send(f"/login alice {PASSWORD}")
    bob.expect("You are logged in as alice")
