"""
A user at a terminal, with the telnet program.
"""

import os
import pty
import select
from subprocess import Popen
from time import monotonic

from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon
from tests.support.programs import requireProgram

CTRL_C, ESCAPE = "\x03", "\x1d"


class Telnet:
    """
    The program at a terminal of its own.

    @ivar process: the program.
    """

    _TIMEOUT = 10.0

    def __init__(self, port: int, options: str = "", negotiates: bool = False) -> None:
        """
        @param port: the port of 127.0.0.1 to connect to.
        @param negotiates: whether telnet asks for its options when it connects.
        """
        where = f"-- 127.0.0.1 -{port}" if negotiates else f"127.0.0.1 {port}"
        program = requireProgram("telnet")
        self._terminal, theirs = pty.openpty()
        # The leader of a session gets the terminal it opens; otherwise Ctrl-C would be no signal.
        command = f"exec {program} {options} {where} <>{os.ttyname(theirs)} >&0 2>&1"
        self.process = Popen(["sh", "-c", command], start_new_session=True)
        self._theirs = theirs
        self._shown = b""

    def __enter__(self) -> "Telnet":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._theirs)
        os.close(self._terminal)

    def type(self, keys: str) -> None:
        """
        Press keys; a newline is Enter.
        """
        os.write(self._terminal, keys.replace("\n", "\r").encode())

    def waitFor(self, text: str) -> str:
        """
        @param text: a text to wait for on the terminal; a newline stands for the end of a line.
        @return: the output since the last wait, up to there.
        """
        wanted = text.replace("\n", "\r\n").encode()
        deadline = monotonic() + self._TIMEOUT
        while wanted not in self._shown:
            if not select.select([self._terminal], [], [], max(deadline - monotonic(), 0))[0]:
                raise AssertionError(f"no {text!r} in {self._shown!r}")
            self._shown += os.read(self._terminal, 65536)
        end = self._shown.index(wanted) + len(wanted)
        shown, self._shown = self._shown[:end], self._shown[end:]
        return shown.decode().replace("\r\n", "\n")

    def join(self, nick: str) -> None:
        """
        Take a nickname, which must be free.
        """
        self.type(f"{nick}\n")
        self.waitFor("Just type; /help for commands.\n")

    def escape(self) -> None:
        """
        Call the prompt of the program itself.
        """
        self.type(ESCAPE)
        self.waitFor("telnet> ")

    def command(self, command: str) -> str:
        """
        Give the program a command, at its own prompt.

        @return: the output until the service has seen the effect.
        """
        self.escape()
        # The mode of the terminal must have changed back.
        self.type(f"{command}\n/ping done\n")
        return self.waitFor("--- PONG done\n")


def test_binaryLetsEveryByteThrough(startDaemon: StartDaemon) -> None:
    """
    Telnet takes some bytes of Chinese, as in 小 and 来, for its own keys until the service has
    agreed to BINARY.
    """
    daemon = startDaemon()
    with daemon.join("bob") as bob, Telnet(daemon.port, "-8", negotiates=True) as alice:
        alice.type("alice\n")
        # The options that telnet asked for when it connected are answered before that.
        alice.waitFor("Just type; /help for commands.")
        assert bob.line() == "--> alice joined #lobby (2 here)"
        alice.type("小明来了\n")
        assert bob.line() == "alice: 小明来了"


def test_conversationByTelnet(startDaemon: StartDaemon) -> None:
    daemon = startDaemon()
    with daemon.join("bob") as bob, Telnet(daemon.port) as alice:
        shown = alice.waitFor("(/quit leaves):\n")
        assert (
            "\n--- Welcome to tcpchat. 1 person here.\n--- Choose a nickname (/quit leaves):\n"
            in shown
        )
        alice.type("bob\n")
        assert alice.waitFor(")\n") == "bob\n!!! bob is taken; choose another (nick-taken)\n"
        alice.type("alice\n")
        alice.waitFor("--- You are alice, in #lobby with bob. Just type; /help for commands.\n")
        assert bob.line() == "--> alice joined #lobby (2 here)"
        alice.type("hello\n")
        assert bob.line() == "alice: hello"
        bob.send("hi alice", "/msg alice psst")
        assert alice.waitFor("psst\n") == "hello\nbob: hi alice\n[bob -> you] psst\n"
        alice.type("/r oh\n")
        assert alice.waitFor("oh\n[you -> bob] oh\n") == "/r oh\n[you -> bob] oh\n"
        assert bob.expect("[alice") == "[alice -> you] oh"
        alice.type("/quit\n")
        alice.waitFor("--- Goodbye.\n")
        alice.waitFor("Connection closed by foreign host.\n")
        assert alice.process.wait(10) is not None
        assert bob.line() == "<-- alice left #lobby: quit (1 here)"


def test_chineseByTelnet(startDaemon: StartDaemon) -> None:
    """
    Telnet itself swallows some of what is typed: GNU inetutils takes the last byte of C{业} for
    Ctrl-Z, that of C{东} for Ctrl-Backslash, and the middle one of C{李} for its escape character.
    """
    daemon = startDaemon("--language", "zh_CN")
    with daemon.join("李雷") as lei, Telnet(daemon.port) as alice:
        assert "--- 欢迎来到 tcpchat。" in alice.waitFor("--- 请输入昵称")
        alice.type("花花\n")
        alice.waitFor("--- 你好，花花。你已进入 #lobby")
        alice.type("你好，中国\n")
        assert lei.expect("花花：") == "花花：你好，中国"
        lei.send("东西都准备好了")
        alice.waitFor("李雷：东西都准备好了\n")


def test_interruptDoesNotHideOutput(startDaemon: StartDaemon) -> None:
    """
    After Ctrl-C telnet sends C{IAC IP IAC DO TIMING-MARK} and shows nothing until that is answered.
    """
    daemon = startDaemon()
    with daemon.join("bob") as bob, Telnet(daemon.port) as alice:
        alice.join("alice")
        for _ in range(3):
            # The line that was being typed is gone as well.
            alice.type("never mind")
            alice.waitFor("never mind")
            alice.type(f"{CTRL_C}hello?\n")
            assert bob.expect("alice: ") == "alice: hello?"
            bob.send("still here")
            alice.waitFor("bob: still here\n")


def test_areYouThereIsAnswered(startDaemon: StartDaemon) -> None:
    daemon = startDaemon()
    with Telnet(daemon.port) as alice:
        alice.join("alice")
        assert "\n--- Yes, still here.\n" in alice.command("send ayt")


def test_optionsAreRefusedAndLeaveNoText(startDaemon: StartDaemon) -> None:
    """
    Telnet stays as it was.
    """
    daemon = startDaemon()
    with daemon.join("bob") as bob, Telnet(daemon.port) as alice:
        alice.waitFor("(/quit leaves):\n")
        alice.command("mode character")
        alice.join("alice")
        assert bob.line() == "--> alice joined #lobby (2 here)"
        for command in ("do echo", "do echo", "will 24", "wont 24", "dont echo", "nop", "ga"):
            alice.command(f"send {command}")
        alice.command("mode character")
        alice.type("one\n你好\n\ntwo\n")
        assert [bob.line() for _ in range(3)] == ["alice: one", "alice: 你好", "alice: two"]
        bob.send("three")
        alice.waitFor("bob: three\n")
        alice.escape()
        alice.type("quit\n")
        assert bob.line() == "<-- alice left #lobby: input closed (1 here)"


def test_keysMayComeOneByOne(daemon: Daemon) -> None:
    """
    Other programs send every key at once, and CR NUL for Enter (RFC 854).
    """
    with daemon.join("bob") as bob, daemon.connect() as alice:
        alice.expect("Choose a nickname")
        # WILL NAWS, a size, WILL TERMINAL-TYPE, DO ECHO, DO SUPPRESS-GO-AHEAD, all of it twice.
        offers = b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0\xff\xfb\x18\xff\xfd\1\xff\xfd\3"
        keys = b"alice\r\0" + "你好\r\0".encode() + b"y\xff\xf1es\r\0"
        heard: list[str] = []
        for byte in offers + offers + keys:
            alice.connection.sendall(bytes([byte]))
            heard += bob.catchUp()
        # DONT, DONT, WONT, WONT: each is refused once.
        refusals = r"\xff\xfe{}\xff\xfe{}\xff\xfc{}\xff\xfc{}".format("\x1f", "\x18", "\1", "\3")
        welcome = "--- You are alice, in #lobby with bob. Just type; /help for commands."
        assert alice.line() == refusals + welcome
        assert heard == ["--> alice joined #lobby (2 here)", "alice: 你好", "alice: yes"]
        alice.leave()


def test_stopIsShownByTelnet(startDaemon: StartDaemon) -> None:
    daemon = startDaemon()
    with Telnet(daemon.port) as alice:
        alice.join("alice")
        daemon.stop()
        assert (
            alice.waitFor("host.\n")
            == "--- Goodbye: the service is shutting down.\nConnection closed by foreign host.\n"
        )


def test_keysThatTelnetSendsAsCommands(startDaemon: StartDaemon) -> None:
    """C{EC} and C{EL}, as the program sends them where it sends each key at once."""
    daemon = startDaemon()
    with daemon.join("bob") as bob, Telnet(daemon.port) as alice:
        alice.join("alice")
        assert bob.line() == "--> alice joined #lobby (2 here)"
        alice.command("mode character")
        alice.type("secret")
        alice.command("send el")
        alice.type("helo")
        alice.escape()
        alice.type("send ec\nlo\n")
        assert bob.line() == "alice: hello"
