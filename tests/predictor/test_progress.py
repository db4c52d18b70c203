import io

import pytest

from predictor import progress
from predictor.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_without_a_terminal_lines_come_now_and_then_and_at_the_end(clock):
    stream = io.StringIO()
    with Progress(3_000, "variants", stream=stream) as found:
        for _ in range(2_000):
            found.advance()
        clock[0] = 11.0
        found.advance(500)
        found.say("line 7 is odd")
        found.advance(500)
    assert stream.getvalue().splitlines() == [
        "2,500 of 3,000 variants",
        "line 7 is odd",
        "3,000 of 3,000 variants",
    ]


def test_what_breaks_off_does_not_end_with_a_line(clock):
    stream = io.StringIO()

    def interrupted():
        with Progress(2, "windows", stream=stream) as found:
            found.advance()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue() == ""


def test_on_a_terminal_there_is_a_bar_that_leaves_only_lines_of_their_own():
    stream = Terminal()
    with Progress(2, "variants", stream=stream) as found:
        found.advance()
        found.say("odd")
        found.advance()
    text = stream.getvalue()
    assert "odd\n" in text
    assert "| 0/2" in text
    assert text.count("\n") == 1
