"""Models that are perfect, give up or say a letter, and their answers graded."""

from evaluation.answers_of import Judging
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.questions import grade_answer

GIVING_UP = "I cannot determine the answer."


def one_answer(benchmark, item, response, grader=Judging()):  # noqa: B008
    """A response to a question, graded by both sets of rules."""
    sample = item.sample
    blank = ScoredAnswer(
        *(benchmark.name, sample.id, 0, response, "stop", "", "none", 0.0, None, item.fields, sample.answer, None),
        *(sample.question, sample.choices),
    )
    return grade_answer(benchmark, blank, grader)


def answered(benchmark, items, say, grader=Judging()):  # noqa: B008
    return [one_answer(benchmark, item, say(item), grader) for item in items]


def boxed(item):
    return rf"<think>Let me see.</think>It is \boxed{{{item.sample.answer}}}."


def letters_of(sample):
    return "ABCDEFGHIJ"[: len(sample.choices or ())]


def letter_of(sample):
    """The letter of the gold option, as MathVista gives its text."""
    is_letter = len(sample.answer) == 1 and sample.answer in "ABCDEFGH"
    return sample.answer if is_letter else "ABCDEFGH"[list(sample.choices).index(sample.answer)]


OFFICIALLY = {
    "mathvision": boxed,
    "dynamath": lambda item: f'{{"solution": "...", "short answer": "{item.sample.answer}"}}',
    "wemath": lambda item: f"<Thought process>: <<...>> <Answer>: <<{item.sample.answer}>>",
    "logicvista": boxed,
    "gpqa": lambda item: f"It is so.\nAnswer: {item.sample.answer}",
    "gsm8k": lambda item: f"<think>#### 7</think>\n#### {item.sample.answer}",
    "mathvista": lambda item: rf"\boxed{{{letter_of(item.sample) if item.sample.choices else item.sample.answer}}}",
    "mmmu": lambda item: f"The answer is {item.sample.answer}",
}
"""A perfect model in the form that a benchmark's own rules read; the others have no rules without a language model."""
