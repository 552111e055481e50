"""
Makes images/session.svg: the terminals of two users who talk to each other.

The conversation is real. The service is started, both users sit in tmux, and their screens are read
back as they are. tmux and telnet are needed, and tcpchat in the environment of this Python::

    python docs/make_picture.py
"""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from socket import create_connection
from time import monotonic, sleep
from xml.sax.saxutils import escape

from wcwidth import wcwidth

PICTURE = Path(__file__).parent / "images" / "session.svg"
# The port that the documentation tells to use.
PORT = 8080
COLUMNS, ROWS = 56, 19
WITHIN = 15.0
"""Seconds that anything expected may take."""

# Pixels.
FONT, WIDE_FONT, CELL, LINE = 13, 14.5, 7.8, 19
MARGIN, BAR, GAP = 14, 30, 18

BACKGROUND, FRAME, FOREGROUND, FAINT = "#1d2330", "#2b3344", "#dce1ea", "#8e98ab"
# The sixteen colours of a terminal.
COLOURS = (
    *("#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#dce1ea"),
    *("#6b7589", "#ff8a93", "#b5e08d", "#ffd98f", "#85c5ff", "#dd9bf0", "#7bd5e0", "#ffffff"),
)

ALICE, XIAOMING = "alice", "小明"
TITLES = {ALICE: "alice: telnet", XIAOMING: "小明: tcpchat"}
# The user who types, the text, and what must then be on which screen. A text that ends in "…" is
# typed without Enter.
SCRIPT = (
    (ALICE, f"telnet localhost {PORT}", ((ALICE, "nickname?"),)),
    (ALICE, ALICE, ((ALICE, "/help lists"),)),
    (
        XIAOMING,
        f"tcpchat --language zh_CN --nick {XIAOMING} localhost {PORT}",
        ((XIAOMING, "在座的有 alice"), (ALICE, "joined")),
    ),
    (XIAOMING, "大家好！", ((ALICE, "大家好"), (XIAOMING, "小明 说：大家好"))),
    (ALICE, "hello! I am here with nothing but telnet", ((XIAOMING, "nothing but telnet"),)),
    (ALICE, "/me waves", ((XIAOMING, "waves"),)),
    (XIAOMING, "/私聊 alice 今天晚上一起吃饭？", ((ALICE, "吃饭"), (XIAOMING, "[你"))),
    (ALICE, "/reply yes, at seven", ((XIAOMING, "at seven"), (ALICE, "[you"))),
    (XIAOMING, "正在输入的内容不会被打断…", ((XIAOMING, "不会被打断"),)),
    (ALICE, "see you at seven", ((XIAOMING, "see you at seven"),)),
)


@contextmanager
def service() -> Iterator[None]:
    """
    C{twistd tcpchat} on L{PORT}.
    """
    twistd = Path(sysconfig.get_path("scripts"), "twistd")
    endpoint = f"tcp:{PORT}:interface=127.0.0.1"
    command = [twistd, "--nodaemon", "--pidfile=", "tcpchat", "--port", endpoint]
    command += ["--database", ":memory:"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            waitFor("the service", lambda: process.poll() is not None or _isListening())
            if process.poll() is not None:
                sys.exit("the service has not started")
            yield
        finally:
            process.terminate()


def _isListening() -> bool:
    try:
        create_connection(("127.0.0.1", PORT)).close()
    except OSError:
        return False
    return True


def waitFor(what: str, isThere: Callable[[], bool]) -> None:
    """
    @raise SystemExit: When it is not there in time.
    """
    deadline = monotonic() + WITHIN
    while not isThere():
        if monotonic() > deadline:
            sys.exit(f"waited in vain for {what}")
        sleep(0.05)


class Terminal:
    """
    A shell in a tmux of its own.
    """

    def __init__(self, user: str) -> None:
        # The number keeps it apart from any other tmux.
        self._socket = f"tcpchat-picture-{os.getpid()}-{len(user)}"
        self._tmux(
            *("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS)),
            # Two words: tmux would hand one to another shell, which forgets PS1.
            *("sh", "-i"),
        )
        self._tmux("set-option", "-g", "status", "off")

    def type(self, text: str) -> None:
        """
        Type a line.
        """
        self._tmux("send-keys", "-l", text.removesuffix("…"))
        if not text.endswith("…"):
            self._tmux("send-keys", "Enter")

    def shows(self, text: str) -> bool:
        """
        Whether this is on the screen.
        """
        # A line that is wider than the screen is one line all the same.
        return text in self._tmux("capture-pane", "-p", "-J")

    def screen(self) -> tuple[list[str], tuple[int, int]]:
        """
        @return: The rows with their escape codes, and the column and the row of the cursor.
        """
        rows = self._tmux("capture-pane", "-p", "-e").rstrip().splitlines()
        column, row = self._tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return rows, (int(column), int(row))

    def close(self) -> None:
        """
        End the shell and all that runs in it.
        """
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._socket, "-f", os.devnull, *arguments]
        path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
        environ = {**os.environ, "PATH": path, "PS1": "$ ", "LC_ALL": "C.UTF-8"}
        result = subprocess.run(command, check=True, capture_output=True, text=True, env=environ)
        return result.stdout


@dataclass(frozen=True)
class Style:
    """
    The look of a character, as escape codes set it (ECMA-48, section 8.3.117).
    """

    colour: str = FOREGROUND
    isBold: bool = False
    isFaint: bool = False

    def with_(self, code: int) -> "Style":
        """
        @return: The style after one parameter of an SGR. Unknown ones change nothing.
        """
        match code:
            case 0:
                return Style()
            case 1:
                return replace(self, isBold=True)
            case 2:
                return replace(self, isFaint=True)
            case 22:
                return replace(self, isBold=False, isFaint=False)
            case 39:
                return replace(self, colour=FOREGROUND)
            case _ if 30 <= code <= 37:
                return replace(self, colour=COLOURS[code - 30])
            case _ if 90 <= code <= 97:
                return replace(self, colour=COLOURS[code - 82])
            case _:
                return self

    @property
    def attributes(self) -> str:
        """
        The same in SVG.
        """
        colour = FAINT if self.isFaint and self.colour == FOREGROUND else self.colour
        return f'fill="{colour}"' + (' font-weight="bold"' if self.isBold else "")


@dataclass(frozen=True)
class Cell:
    """
    A character in its place.
    """

    text: str
    column: int
    width: int
    style: Style


def cellsOf(row: str, style: Style) -> tuple[list[Cell], Style]:
    """
    @param style: The one that the row before ended with.
    @return: The cells of a row, and the style that it ends with.
    """
    cells: list[Cell] = []
    column = 0
    for codes, char in re.findall(r"\x1b\[([\d;]*)m|([^\x1b])", row):
        if not char:
            for code in codes.split(";"):
                style = style.with_(int(code or 0))
        elif (width := wcwidth(char)) > 0:
            cells.append(Cell(char, column, width, style))
            column += width
        elif cells:
            cells[-1] = replace(cells[-1], text=cells[-1].text + char)
    return cells, style


def textOf(cells: list[Cell], y: float) -> Iterator[str]:
    """
    @return: The SVG of a row. With any font, everything stands where the terminal had it: a run of
        narrow characters has its length, and a wide character its place.
    """
    for (style, width), run in groupby(cells, lambda cell: (cell.style, cell.width)):
        run = list(run)
        # Spaces around words are not drawn, and a run of spaces alone needs no element.
        while run and run[0].text == " ":
            del run[0]
        while run and run[-1].text == " ":
            del run[-1]
        if not run:
            continue
        text = escape("".join(cell.text for cell in run))
        places = [f"{MARGIN + cell.column * CELL:.1f}" for cell in run]
        if width == 1:
            where = f'x="{places[0]}" textLength="{len(run) * CELL:.1f}"'
        else:
            where = f'x="{" ".join(places)}" font-size="{WIDE_FONT}"'
        yield f'<text {where} y="{y:.1f}" {style.attributes}>{text}</text>'


def windowOf(
    title: str, rows: list[str], cursor: tuple[int, int], height: float, x: float
) -> Iterator[str]:
    """
    @return: The SVG of a terminal.
    """
    width = COLUMNS * CELL + 2 * MARGIN
    yield f'<g transform="translate({x:.1f} 0)">'
    yield f'<rect width="{width:.1f}" height="{height:.1f}" rx="9" fill="{BACKGROUND}"/>'
    yield (
        f'<path d="M0 {BAR}V9a9 9 0 0 1 9-9H{width - 9:.1f}a9 9 0 0 1 9 9V{BAR}z" fill="{FRAME}"/>'
    )
    for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{18 + 19 * number}" cy="{BAR / 2:.1f}" r="5.5" fill="{colour}"/>'
    yield (
        f'<text x="{width / 2:.1f}" y="{BAR / 2 + 4.5:.1f}" text-anchor="middle"'
        f' fill="{FAINT}">{escape(title)}</text>'
    )
    style = Style()
    for number, row in enumerate(rows):
        cells, style = cellsOf(row, style)
        yield from textOf(cells, BAR + MARGIN + number * LINE + FONT)
    column, row = cursor
    yield (
        f'<rect x="{MARGIN + column * CELL:.1f}" y="{BAR + MARGIN + row * LINE:.1f}"'
        f' width="{CELL}" height="{FONT + 3}" fill="{FOREGROUND}" opacity="0.75"/>'
    )
    yield "</g>"


def pictureOf(windows: list[tuple[str, list[str], tuple[int, int]]]) -> str:
    """
    @param windows: The title, the rows and the cursor of each.
    @return: The SVG.
    """
    rows = max(max(len(screen), cursor[1] + 1) for _title, screen, cursor in windows)
    height = BAR + 2 * MARGIN + rows * LINE
    one = COLUMNS * CELL + 2 * MARGIN
    width = len(windows) * one + (len(windows) - 1) * GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" role="img" font-size="{FONT}"'
        " font-family=\"'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK SC',"
        " 'PingFang SC', 'Microsoft YaHei', monospace\">",
        "<title>Two users talk, one with telnet and one with tcpchat</title>",
    ]
    for number, (title, screen, cursor) in enumerate(windows):
        lines.extend(windowOf(title, screen, cursor, height, number * (one + GAP)))
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def main() -> None:
    """
    Play the conversation, and draw it.
    """
    with service():
        terminals = {user: Terminal(user) for user in (ALICE, XIAOMING)}
        try:
            for user, terminal in terminals.items():
                waitFor(f"the shell of {user}", lambda terminal=terminal: terminal.shows("$"))
            for user, text, expected in SCRIPT:
                terminals[user].type(text)
                for other, part in expected:
                    waitFor(f"{part!r} at {other}", lambda: terminals[other].shows(part))  # noqa: B023
            screens = {user: terminal.screen() for user, terminal in terminals.items()}
        finally:
            for terminal in terminals.values():
                terminal.close()
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(
        pictureOf([(TITLES[user], *screen) for user, screen in screens.items()]),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
