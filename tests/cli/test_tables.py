import io

from evaluation.answers_of import Textual, answer
from rich.console import Console

from revisual.cli.tables import show_metrics, show_stages
from revisual.evaluation.metrics.standard import standard_metrics
from revisual.report.stages import Stage


def printed(show, *values):
    screen = io.StringIO()
    show(*values, Console(file=screen, width=140))
    return screen.getvalue()


def test_a_row_per_benchmark():
    answers = [answer(str(place), score) for place, score in enumerate((1, 1, 0))]
    text = printed(show_metrics, [standard_metrics("aime24", answers, Textual())])
    (row,) = [line for line in text.splitlines() if "aime24" in line]
    assert "66.7%" in row and row.count("3") >= 2


def test_a_column_per_stage():
    stages = [
        Stage("start", after={"test/greedy/shapes/accuracy": 0.125}),
        Stage("text_rl", after={"test/greedy/shapes/accuracy": 0.5}, costs={"seconds": 60.0}),
    ]
    text = printed(show_stages, stages)
    assert "Text RL" in text and "Shapes accuracy" in text and "12.5%" in text and "50.0%" in text and "Time" in text
