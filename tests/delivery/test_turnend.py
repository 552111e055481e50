"""
The end of a turn.
"""

from __future__ import annotations

from twisted.logger import LogLevel, capturedLogs

from chat.delivery.turnend import TurnEnd
from tests.support.doubles import HandReactor


class TurnEndStage:
    """
    @ivar done: What has been done.
    """

    def __init__(self) -> None:
        self.reactor = HandReactor()
        self.turnEnd = TurnEnd(self.reactor.callLater)
        self.done: list[str] = []

    def ask(self, *names: str) -> None:
        for name in names:
            self.turnEnd(lambda name=name: self.done.append(name))


def test_thingsAreDoneInTheirOrder() -> None:
    stage = TurnEndStage()
    stage.ask("a", "b", "c")
    assert stage.done == []
    stage.reactor.turn()
    assert stage.done == ["a", "b", "c"]


def test_anyNumberOfCallsIsOneTimer() -> None:
    stage = TurnEndStage()
    stage.ask("a", "b", "c")
    assert len(stage.reactor.getDelayedCalls()) == 1
    stage.reactor.turn()
    assert not stage.reactor.getDelayedCalls()


def test_whatIsAskedForAtTheEndIsDoneAtTheNext() -> None:
    stage = TurnEndStage()
    stage.turnEnd(lambda: stage.ask("later"))
    stage.ask("now")
    stage.reactor.turn()
    assert stage.done == ["now"]
    stage.reactor.turn()
    assert stage.done == ["now", "later"]


def test_anExceptionDoesNotStopTheOthers() -> None:
    stage = TurnEndStage()
    stage.ask("a")
    stage.turnEnd(lambda: 1 // 0)
    stage.ask("b")
    with capturedLogs() as events:
        stage.reactor.turn()
    assert stage.done == ["a", "b"]
    [event] = events
    assert event["log_level"] is LogLevel.critical
    assert event["log_failure"].check(ZeroDivisionError)
