"""
Makes docs/images/session.svg and session.zh_CN.svg: the terminals of two users who talk to each
other, as a film.

The conversation is real. The service is started, both users sit in tmux, and their screens are read
back as they are, after each key. Only the pauses between them are made up. tmux, telnet and nc are
needed, and tcpchat in the environment of this Python::

    python tools/session.py
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
from typing import NamedTuple
from xml.sax.saxutils import escape

from wcwidth import wcwidth

IMAGES = Path(__file__).parents[1] / "docs/images"
# The port that the documentation tells to use.
PORT = 8080
ROWS = 17
WITHIN = 15.0
"""Seconds that anything expected may take."""

# Pixels.
FONT, WIDE_FONT, CELL, LINE = 13, 14.5, 7.8, 19
MARGIN, BAR, GAP = 14, 30, 18

BACKGROUND, FRAME, FOREGROUND, FAINT = "#1d2330", "#2b3344", "#dce1ea", "#8e98ab"
# It stands out from a page in black.
EDGE = "#465066"
# The sixteen colours of a terminal.
COLOURS = (
    *("#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#dce1ea"),
    *("#6b7589", "#ff8a93", "#b5e08d", "#ffd98f", "#85c5ff", "#dd9bf0", "#7bd5e0", "#ffffff"),
)

# Seconds.
KEY, LOOK, READ, END = 0.055, 0.4, 0.9, 3.5
"""From key to key, after an answer, after a line of the other, and before it begins again."""
KEYS = 2
"""How many keys there are from picture to picture."""


class Step(NamedTuple):
    """
    A user types something.

    @ivar expected: what must then be on which screen.
    @ivar pause: seconds until the next one.
    @ivar isLine: whether Enter follows.
    """

    user: str
    text: str
    expected: tuple[tuple[str, str], ...] = ()
    pause: float = READ
    isLine: bool = True


class Scene(NamedTuple):
    """
    What one film shows.

    @ivar file: the name of the picture.
    @ivar language: the one that the service speaks.
    @ivar title: what a screen reader says.
    @ivar windows: the title and the columns of the terminal of each user.
    """

    file: str
    language: str
    title: str
    windows: dict[str, tuple[str, int]]
    script: tuple[Step, ...]


ENGLISH = Scene(
    "session.svg",
    "en",
    "Two users talk, alice with telnet and bob with tcpchat",
    {"alice": ("alice: telnet", 66), "bob": ("bob: tcpchat", 52)},
    (
        Step("alice", f"telnet localhost {PORT}", (("alice", "nickname"),), LOOK),
        Step("alice", "alice", (("alice", "#lobby"),)),
        Step("bob", "tcpchat --nick bob", (("bob", "#lobby 2>"), ("alice", "--> bob"))),
        Step("bob", "al", isLine=False, pause=LOOK),
        Step("bob", "\t", (("bob", "2> alice:"),), LOOK, isLine=False),
        Step("bob", "shall we release today?", (("alice", "today?"), ("bob", "bob: alice"))),
        # A line that arrives leaves the one alone that is being typed.
        Step("bob", "好，我", isLine=False, pause=LOOK),
        Step("alice", "yes, once the tests pass", (("bob", "tests pass"),)),
        Step("bob", "来跑测试", (("alice", "我来跑测试"), ("bob", "bob: 好"))),
        Step("bob", "/quit testing", (("alice", "<-- bob"), ("bob", "\n$"))),
        Step("bob", "echo all tests passed | tcpchat --quiet --nick ci", (("alice", "<-- ci"),)),
        Step("alice", "great, releasing it now", pause=LOOK),
        Step("bob", "tcpchat --nick bob", (("bob", "it now"), ("bob", "#lobby 2>"))),
        Step("bob", "congratulations!", (("alice", "bob: cong"), ("bob", "bob: cong")), END),
    ),
)
CHINESE = Scene(
    "session.zh_CN.svg",
    "zh_CN",
    "两个人在聊天，小红用 nc，小明用 tcpchat",
    {"小红": ("小红：nc", 54), "小明": ("小明：tcpchat", 60)},
    (
        Step("小红", f"nc localhost {PORT}", (("小红", "昵称"),), LOOK),
        Step("小红", "小红", (("小红", "#lobby"),)),
        Step(
            "小明",
            "tcpchat --language zh_CN --nick 小明",
            (("小明", "#lobby 2>"), ("小红", "--> 欢迎 小明")),
        ),
        Step("小明", "小", isLine=False, pause=LOOK),
        Step("小明", "\t", (("小明", "2> 小红:"),), LOOK, isLine=False),
        Step("小明", "今天发布吗？", (("小红", "发布吗"), ("小明", "小明：小红"))),
        # A line that arrives leaves the one alone that is being typed.
        Step("小明", "那我去", isLine=False, pause=LOOK),
        Step("小红", "发，等测试通过就发", (("小明", "通过就发"),)),
        Step("小明", "跑测试", (("小红", "我去跑测试"), ("小明", "小明：那我"))),
        Step("小明", "/退出 跑测试", (("小红", "<-- 小明"), ("小明", "\n$"))),
        Step("小明", "echo 测试全部通过 | tcpchat --quiet --nick ci", (("小红", "<-- ci"),)),
        Step("小红", "太好了，这就发布", pause=LOOK),
        Step(
            "小明",
            "tcpchat --language zh_CN --nick 小明",
            (("小明", "这就发布"), ("小明", "#lobby 2>")),
        ),
        Step("小明", "辛苦了！", (("小红", "辛苦了"), ("小明", "小明：辛苦")), END),
    ),
)


@contextmanager
def service(language: str) -> Iterator[None]:
    """
    C{twistd tcpchat} on L{PORT}.
    """
    twistd = Path(sysconfig.get_path("scripts"), "twistd")
    endpoint = f"tcp:{PORT}:interface=127.0.0.1"
    command = [twistd, "--nodaemon", "--pidfile=", "tcpchat", "--port", endpoint]
    command += ["--database", ":memory:", "--language", language]
    if _isListening():
        sys.exit(f"something else listens on port {PORT}")
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

    def __init__(self, number: int, columns: int) -> None:
        # The numbers keep it apart from any other tmux.
        self._socket = f"tcpchat-picture-{os.getpid()}-{number}"
        self._tmux(
            *("new-session", "-d", "-x", str(columns), "-y", str(ROWS)),
            # Two words: tmux would hand one to another shell, which forgets PS1.
            *("sh", "-i"),
        )
        self._tmux("set-option", "-g", "status", "off")

    def key(self, text: str) -> None:
        """
        Press keys: these characters.
        """
        self._tmux("send-keys", "-l", "--", text)

    def enter(self) -> None:
        """
        Press Enter.
        """
        self._tmux("send-keys", "Enter")

    def shows(self, text: str) -> bool:
        """
        Whether this is on the screen.
        """
        # A line that is wider than the screen is one line all the same.
        return text in self._tmux("capture-pane", "-p", "-J")

    def screen(self) -> "Screen":
        """
        What the user sees now.
        """
        rows = self._tmux("capture-pane", "-p", "-e").rstrip().splitlines()
        column, row = self._tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return Screen(tuple(rows), int(column), int(row))

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


class Screen(NamedTuple):
    """
    What a terminal shows.

    @ivar rows: with their escape codes.
    @ivar column: that of the cursor.
    @ivar row: that of the cursor.
    """

    rows: tuple[str, ...]
    column: int
    row: int


Film = list[tuple[float, Screen]]
"""What a terminal shows from which second on."""


class Drawing:
    """
    A film as SVG: its pictures stand one below the other, and are moved past a window.
    """

    def __init__(self, name: str, film: Film, seconds: float) -> None:
        self._name = name
        self._film = film
        self._seconds = seconds
        self._rows: dict[tuple[str, ...], str] = {}
        self._defined: list[str] = []

    @property
    def height(self) -> int:
        """Pixels of a picture."""
        return 2 * MARGIN + ROWS * LINE

    def style(self) -> Iterator[str]:
        """
        @return: the CSS that plays it. Where nothing moves, the last picture is seen.
        """
        name = self._name
        places = [f"translateY({-number * self.height}px)" for number in range(len(self._film))]
        playing = f"animation:{name} {self._seconds:.1f}s step-end infinite"
        yield f".{name}{{transform:{places[-1]};{playing}}}"
        yield f"@keyframes {name}{{"
        for (at, _screen), place in zip(self._film, places, strict=True):
            yield f"{100 * at / self._seconds:.2f}%{{transform:{place}}}"
        yield "}"
        yield f"@media(prefers-reduced-motion){{.{name}{{animation:none}}}}"

    def pictures(self) -> Iterator[str]:
        """
        @return: the SVG of all pictures.
        """
        pictures: list[str] = []
        for number, (_at, screen) in enumerate(self._film):
            top = number * self.height
            pictures.append(f'<g transform="translate(0 {top})">')
            style = Style()
            for place, row in enumerate(screen.rows):
                cells, style = cellsOf(row, style)
                drawn = tuple(textOf(cells, FONT))
                if drawn:
                    y = MARGIN + place * LINE
                    pictures.append(f'<use href="#{self._idOf(drawn)}" y="{y}"/>')
            x, y = MARGIN + screen.column * CELL, MARGIN + screen.row * LINE
            pictures.append(f'<use href="#cursor" x="{x:.1f}" y="{y}"/></g>')
        yield from ["<defs>", *self._defined, "</defs>", f'<g class="{self._name}">', *pictures]
        yield "</g>"

    def _idOf(self, drawn: tuple[str, ...]) -> str:
        """Rows are drawn once, however many pictures have them."""
        if drawn not in self._rows:
            self._rows[drawn] = f"{self._name}{len(self._rows)}"
            self._defined.append(f'<g id="{self._rows[drawn]}">{"".join(drawn)}</g>')
        return self._rows[drawn]


def windowOf(title: str, width: float, drawing: Drawing, x: float) -> Iterator[str]:
    """
    @return: The SVG of a terminal.
    """
    height = BAR + drawing.height
    yield f'<g transform="translate({x:.1f} 0)">'
    yield (
        f'<rect x=".5" y=".5" width="{width - 1:.1f}" height="{height - 1:.1f}" rx="9"'
        f' fill="{BACKGROUND}" stroke="{EDGE}"/>'
    )
    yield (
        f'<path d="M1 {BAR}V9a8 8 0 0 1 8-8H{width - 9:.1f}a8 8 0 0 1 8 8V{BAR}z" fill="{FRAME}"/>'
    )
    for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{18 + 19 * number}" cy="{BAR / 2:.1f}" r="5.5" fill="{colour}"/>'
    yield (
        f'<text x="{width / 2:.1f}" y="{BAR / 2 + 4.5:.1f}" text-anchor="middle"'
        f' fill="{FAINT}">{escape(title)}</text>'
    )
    yield f'<svg y="{BAR}" width="{width:.1f}" height="{drawing.height}">'
    yield from drawing.pictures()
    yield "</svg></g>"


def pictureOf(scene: Scene, films: dict[str, Film], seconds: float) -> str:
    """
    @param films: of each user.
    @param seconds: how long they take.
    @return: The SVG.
    """
    drawings = [
        Drawing(name, film, seconds) for name, film in zip("ab", films.values(), strict=True)
    ]
    widths = [columns * CELL + 2 * MARGIN for _title, columns in scene.windows.values()]
    width = sum(widths) + (len(widths) - 1) * GAP
    height = BAR + drawings[0].height
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" role="img" font-size="{FONT}"'
        " font-family=\"'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK SC',"
        " 'PingFang SC', 'Microsoft YaHei', monospace\">",
        f"<title>{escape(scene.title)}</title>",
        "<style>",
        *(line for drawing in drawings for line in drawing.style()),
        "</style>",
        f'<defs><rect id="cursor" width="{CELL}" height="{FONT + 3}" fill="{FOREGROUND}"'
        ' opacity=".75"/></defs>',
    ]
    x = 0.0
    for user, one, drawing in zip(films, widths, drawings, strict=True):
        lines.extend(windowOf(scene.windows[user][0], one, drawing, x))
        x += one + GAP
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


class Recording:
    """
    The films of all terminals, while the conversation is played.
    """

    def __init__(self, terminals: dict[str, Terminal]) -> None:
        self._terminals = terminals
        self.seconds = 0.0
        self.films: dict[str, Film] = {user: [] for user in terminals}

    def play(self, step: Step) -> None:
        """
        Type, and wait for what is expected.
        """
        terminal = self._terminals[step.user]
        for start in range(0, len(step.text), KEYS):
            terminal.key(step.text[start : start + KEYS])
            typed = step.text[: start + KEYS].rstrip()
            waitFor(f"{typed!r}", lambda: terminal.shows(typed))  # noqa: B023
            self.take(KEYS * KEY)
        if step.isLine:
            terminal.enter()
        for user, part in step.expected:
            other = self._terminals[user]
            waitFor(f"{part!r} at {user}", lambda: other.shows(part))  # noqa: B023
        # What else the same answer draws.
        sleep(0.3)
        self.take(step.pause)

    def take(self, seconds: float) -> None:
        """
        Take a picture of each terminal, to be seen for some seconds.
        """
        for user, terminal in self._terminals.items():
            film, screen = self.films[user], terminal.screen()
            if not film or film[-1][1] != screen:
                film.append((self.seconds, screen))
        self.seconds += seconds


def film(scene: Scene) -> None:
    """
    Play the conversation, and draw it.
    """
    with service(scene.language):
        terminals = {
            user: Terminal(number, columns)
            for number, (user, (_title, columns)) in enumerate(scene.windows.items())
        }
        recording = Recording(terminals)
        try:
            for user, terminal in terminals.items():
                waitFor(f"the shell of {user}", lambda terminal=terminal: terminal.shows("$"))
            recording.take(LOOK)
            for step in scene.script:
                recording.play(step)
        finally:
            for terminal in terminals.values():
                terminal.close()
    picture = IMAGES / scene.file
    picture.write_text(pictureOf(scene, recording.films, recording.seconds), encoding="utf-8")
    print(f"{scene.file}: {recording.seconds:.1f} s, {picture.stat().st_size} bytes")


if __name__ == "__main__":
    for each in (ENGLISH, CHINESE):
        film(each)
