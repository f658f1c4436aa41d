import io

from rich.console import Console

from revisual.cli.progress import TerminalProgress


def progress(seconds=30.0, **options):
    screen = io.StringIO()
    return screen, TerminalProgress(Console(file=screen, width=120, soft_wrap=True, **options), seconds)


def test_a_bar_on_a_terminal():
    screen, shown = progress(force_terminal=True)
    with shown.task("sums", 2) as task:
        task.add(state="accuracy 100.0%")
        shown.say("a line above it")
    text = screen.getvalue()
    assert "sums: 1/2, " in text and "/s, accuracy 100.0%" in text and "a line above it" in text
    assert text.rstrip().splitlines()[-1].find("sums: 1/2") >= 0, "what was done stays"


def test_lines_without_a_terminal():
    screen, shown = progress(seconds=0.0)
    with shown.task("sums", 2000) as task:
        task.add(1500, "[cut]")
        task.add(500)
    first, second, last = screen.getvalue().splitlines()
    assert first.startswith("sums: 1,500/2,000, ") and first.endswith("/s, [cut]")
    assert second.startswith("sums: 2,000/2,000, ") and last.startswith("sums: 2,000/2,000, ")
    assert "\x1b" not in screen.getvalue()


def test_short_work_is_silent_without_a_terminal():
    screen, shown = progress()
    with shown.task("sums") as task:
        task.add(3)
    assert screen.getvalue() == ""
    shown.say("a line that is long enough to be broken " * 10)
    assert screen.getvalue().count("\n") == 1


def test_tasks_within_tasks():
    screen, shown = progress(force_terminal=True)
    with shown.task("outer", 1) as outer:
        with shown.task("inner") as inner:
            inner.add()
        outer.add()
    assert "outer: 1/1" in screen.getvalue() and "inner: 1, " in screen.getvalue()


def test_a_hostile_state_moves_no_cursor():
    screen, shown = progress(seconds=0.0)
    with shown.task("stage") as task:
        task.show("\x1b[2Jgone")
    assert "\x1b" not in screen.getvalue()
