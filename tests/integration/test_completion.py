"""
Tab in real shells.
"""

from collections.abc import Iterator

import pytest

from tests.integration.tmux import Screen
from tests.support.programs import requireProgram
from tools.manuals import SHARE

_BASH = SHARE / "bash-completion/completions"
_ZSH = SHARE / "zsh/site-functions"


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as screen:
        (screen.directory / "rules.txt").touch()
        yield screen


def _inBash(screen: Screen) -> None:
    requireProgram("bash")
    screen.enter("PS1='bash> ' exec bash --norc")
    screen.enter(f". {_BASH}/tcpchat; . {_BASH}/twistd; clear")
    screen.expect(lambda lines: lines == ["bash>"])


def _inZsh(screen: Screen) -> None:
    requireProgram("zsh")
    screen.enter("PS1='zsh> ' exec zsh -f")
    screen.enter(f"fpath=({_ZSH} $fpath); autoload -U compinit; compinit -D; clear")
    screen.expect(lambda lines: lines == ["zsh>"])


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("tcpchat --langu", "tcpchat --language"),
        ("tcpchat --language z", "tcpchat --language zh_CN"),
        ("tcpchat --language=z", "tcpchat --language=zh_CN"),
        ("tcpchat --tls --ca ru", "tcpchat --tls --ca rules.txt"),
        ("twistd -n tcpchat --half-c", "twistd -n tcpchat --half-close"),
        ("twistd tcpchat --half-close l", "twistd tcpchat --half-close listen"),
        ("twistd tcpchat --max-connections=", "twistd tcpchat --max-connections=auto"),
        ("twistd tcpchat --motd ru", "twistd tcpchat --motd rules.txt"),
        # As without us.
        ("twistd --rundir ru", "twistd --rundir rules.txt"),
    ],
)
def test_bashCompletes(screen: Screen, typed: str, completed: str) -> None:
    _inBash(screen)
    screen.type(typed)
    screen.press("Tab")
    screen.expectLast(f"bash> {completed}")


def test_zshCompletes(screen: Screen) -> None:
    """In one shell, for zsh takes a second to load its completions."""
    _inZsh(screen)
    for typed, completed in [
        ("tcpchat --langu", "tcpchat --language"),
        ("tcpchat --language z", "tcpchat --language zh_CN"),
        ("tcpchat --ca ru", "tcpchat --ca rules.txt"),
    ]:
        screen.type(typed)
        screen.press("Tab")
        screen.expect(lambda lines: lines[0].startswith(f"zsh> {completed}"))  # noqa: B023
        screen.press("C-u")
