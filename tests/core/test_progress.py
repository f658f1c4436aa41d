import pytest

from revisual.core.progress import Progress, Silent, Task


class Told(Progress):
    """Keeps what it is told."""

    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines.append(text)

    def start(self, name, total):
        self.lines.append(f"{name} of {total}")
        progress = self

        class Kept(Task):
            def show(self, state):
                progress.lines.append(f"{self.name}: {self.done} {state}")

        return Kept(name, total)

    def end(self, task):
        self.lines.append(f"{task.name} ends at {task.done}")


def test_a_task_counts():
    told = Told()
    with told.task("embed", total=9) as task:
        task.add(4)
        task.add(state="slowly")
    assert told.lines == ["embed of 9", "embed: 4 ", "embed: 5 slowly", "embed ends at 5"]


def test_a_task_ends_however_the_work_ends():
    told = Told()
    with pytest.raises(ValueError), told.task("embed"):
        raise ValueError
    assert told.lines == ["embed of None", "embed ends at 0"]


def test_silence(capfd):
    silent = Silent()
    silent.say("a line")
    with silent.task("work", 3) as task:
        task.add(2)
    assert task.done == 2 and capfd.readouterr() == ("", "")
