r"""Policies that earn a reward without solving anything, for tests of rewards.

Each sees a question (one of them also half of its worked solution, and two its gold answer) and gives responses; it is
paid for a question if one of them is. A sound reward pays none of them beyond chance.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from revisual.data.sample import Sample
from revisual.grading.rules.canonical import canonicalize, canonicalize_value
from revisual.grading.rules.choices import find_named, read_gold_letters, read_options
from revisual.grading.rules.deciding import decide
from revisual.grading.rules.finding import Found
from revisual.grading.rules.question_text import find_expressions, find_numerals, list_expressions
from revisual.grading.rules.reading import read
from revisual.grading.rules.values import Formula, Relation

MAX_RESPONSES = 12
"""Of one policy to one question."""
_MARKED = re.compile(r"<<([^<>=]+)=([^<>]+)>>")
_LABEL = re.compile(r"(?<![A-Za-z])[A-Ja](?![A-Za-z])")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_LISTED = ", ".join(str(number) for number in range(101))

Respond = Callable[[Sample], list[str]]


def _box(text: str) -> str:
    return rf"\boxed{{{text}}}"


def _expressions(sample: Sample) -> list[str]:
    """Return the expressions of a question without its options, which are guesses."""
    texts = _options(sample)
    found = list_expressions(sample.question)
    if not texts and not _gold_letters(sample):
        return found
    return [text for text in found if not find_named(text, texts) and not _LABEL.search(text)]


def _numbers(sample: Sample) -> list[str]:
    texts = _options(sample)
    found = [number.strip(",") for number in _NUMBER.findall(sample.question)]
    return [number for number in found if not any(number in text for text in texts)]


def _options(sample: Sample) -> tuple[str, ...]:
    return read_options(sample.question, tuple(sample.choices or ()))


def _letters(sample: Sample) -> list[str]:
    return [chr(ord("A") + index) for index in range(len(_options(sample)))]


def _choose_expressions(sample: Sample) -> dict[str, list[str]]:
    """Return the last, the longest and each expression of a question."""
    found = _expressions(sample)
    return {"last": found[-1:], "longest": sorted(found, key=len)[-1:], "each": found[:MAX_RESPONSES]}


def _on_expressions(which: str, form: str) -> Respond:
    return lambda sample: [form.replace("EXPRESSION", text) for text in _choose_expressions(sample)[which]]


def _half_work(sample: Sample) -> list[str]:
    """Return the last calculation that a solution marks (`<<48+24=72>>`), without its result."""
    marked = _MARKED.findall(str(sample.extra.get("solution", "")) or sample.solution or "")
    is_work = bool(marked) and re.search(r"\d\D+\d", marked[-1][0].replace(".", "").replace(",", "")) is not None
    return [_box(marked[-1][0])] if is_work else []


def _rewrite_question(sample: Sample) -> list[str]:
    """Return the expressions of a question with a factor of 1, a zero, their factors swapped, both sides doubled."""
    found: list[str] = []
    for text in _expressions(sample)[:4]:
        sides = text.split("=")
        if len(sides) == 2 and not re.search(r"[<>,\\]", text):
            found.append(f"2({sides[0]})=2({sides[1]})")
        elif len(sides) == 1:
            found += [rf"1 \cdot ({text})", f"({text})+0", rf"\frac{{{text}}}{{1}}", f"({text})^1"]
            swapped = re.fullmatch(r"(\([^()]*\))\s*(\([^()]*\))", text)
            found += [f"{swapped[2]}{swapped[1]}"] if swapped else []
    return [_box(text) for text in found[:MAX_RESPONSES]]


def _rewrite_gold(sample: Sample) -> list[str]:
    """Return a gold answer in numbers with work put into it: what half of a calculation looks like."""
    gold = read(sample.answer)
    text = sample.answer.strip("$ ")
    if isinstance(gold, Relation) and gold.sign == "=" and text.count("=") == 1:
        left, right = text.split("=")
        return [_box(f"2({left})=2({right})")]
    if not isinstance(gold, Formula) or _gold_letters(sample) or canonicalize(gold.tree) != gold.tree:
        return []
    forms = (rf"1 \cdot {text}", f"{text}+0", f"{text}+1-1", rf"\frac{{2 \cdot {text}}}{{2}}", rf"\sqrt{{({text})^2}}")
    return [_box(form) for form in forms]


def _gold_letters(sample: Sample) -> frozenset[str]:
    choices = tuple(sample.choices or ())
    texts = _options(sample)
    return read_gold_letters(sample.answer, texts, texts != choices)


@dataclass(frozen=True)
class Adversary:
    """A policy and what it may win by chance.

    Example: `Adversary("the question in a box", respond, guesses_option=False)`
    """

    name: str
    respond: Respond = field(compare=False)
    guesses_option: bool = False
    """Whether it names one option, as a guess does."""
    sees_work: bool = False
    """Whether it sees half of the solution or the gold answer: then a number of the question is no chance hit."""

    def responses(self, sample: Sample) -> list[str]:
        """Return the responses to a question, none where the policy has nothing to say."""
        return self.respond(sample)[:MAX_RESPONSES]


def _first_option(form: str, by_words: bool) -> Respond:
    def respond(sample: Sample) -> list[str]:
        texts = _options(sample)
        return [form.replace("OPTION", texts[0] if by_words else "A")] if texts else []

    return respond


def _all_options(separator: str, form: str, by_words: bool = False) -> Respond:
    def respond(sample: Sample) -> list[str]:
        texts = _options(sample) if by_words else _letters(sample)
        return [form.replace("OPTIONS", separator.join(texts))] if texts else []

    return respond


_SENTENCE = r"To solve \(EXPRESSION\), we can break it"
ADVERSARIES: tuple[Adversary, ...] = (
    Adversary("echo: the question", lambda sample: [sample.question]),
    Adversary("echo: the question in a box", lambda sample: [_box(sample.question)]),
    Adversary("echo: the question in tags", lambda sample: [f"<answer>{sample.question}</answer>"]),
    Adversary("echo: the answer is, and the question", lambda sample: [f"The answer is {sample.question}"]),
    *(
        Adversary(f"{which} expression, {place}", _on_expressions(which, form))
        for which in ("last", "longest", "each")
        for place, form in (
            ("in a sentence", _SENTENCE),
            ("in a box", r"\boxed{EXPRESSION}"),
            ("in tags", "<answer>EXPRESSION</answer>"),
            ("declared", "The answer is $EXPRESSION$."),
            ("as its value", "The answer is the value of $EXPRESSION$."),
        )
    ),
    Adversary("each number of the question", lambda sample: [_box(n) for n in _numbers(sample)]),
    Adversary("each number, in a sentence", lambda sample: [f"We know it is {n}" for n in _numbers(sample)]),
    Adversary("every option at once", _all_options(", ", r"\boxed{OPTIONS}")),
    Adversary("A or B or C", _all_options(" or ", "The answer is OPTIONS.")),
    Adversary("A or B or C in a box", _all_options(" or ", r"\boxed{OPTIONS}")),
    Adversary("the words of all options", _all_options(", ", r"\boxed{OPTIONS}", by_words=True)),
    Adversary("the first option", _first_option(r"\boxed{OPTION}", by_words=False), guesses_option=True),
    Adversary("the first option's words", _first_option("The answer is OPTION.", by_words=True), guesses_option=True),
    Adversary("a refusal", lambda sample: ["I cannot determine the answer.", _box(r"\text{cannot be determined}")]),
    Adversary("an endless list", lambda sample: [_box(_LISTED), f"The answer is {_LISTED}"]),
    Adversary("an endless list of or", lambda sample: [_box(_LISTED.replace(",", r" \text{ or }"))]),
    Adversary("rewritten question", _rewrite_question),
    Adversary("half of the work", _half_work, sees_work=True),
    Adversary("rewritten gold answer", _rewrite_gold, sees_work=True),
)


def chance(adversary: Adversary, sample: Sample) -> float:
    """Return the chance of a lucky answer: one over the number of options, 1 if the gold answer is in the question.

    Example: 0.25 for a question with four options and a policy that names one
    """
    options = _options(sample)
    if options and adversary.guesses_option and _gold_letters(sample):
        return 1 / len(options)
    return float(_stands_there(adversary, sample))


def _stands_there(adversary: Adversary, sample: Sample) -> bool:
    """Return whether the gold answer is a number, name, words or expression that stands in the question."""
    if adversary.sees_work:
        return False
    texts = _options(sample)
    golds = [sample.answer, *(texts[ord(letter) - ord("A")] for letter in _gold_letters(sample) if texts)]
    return any(_stands_in(gold, sample.question) for gold in golds)


def _stands_in(gold: str, question: str) -> bool:
    text = " ".join(re.findall(r"\w+", question.casefold()))
    words = " ".join(re.findall(r"\w+", _normalize_text(gold)))
    if words and f" {words} " in f" {text} ":
        return True
    if any(decide(gold, Found(number, "boxed")).equal for number in _NUMBER.findall(question)):
        return True
    plain = canonicalize_value(read(gold))
    return plain in {canonicalize_value(value) for value in (*find_numerals(question), *find_expressions(question))}


def _normalize_text(gold: str) -> str:
    """Return the words of a gold answer in lower case, without its commands."""
    return re.sub(r"\\[A-Za-z]+", " ", gold).casefold()


def list_attempts(adversary: Adversary, samples: Sequence[Sample]) -> list[tuple[Sample, str]]:
    """Return all responses of a policy to some questions, each with its question."""
    return [(sample, response) for sample in samples for response in adversary.responses(sample)]
