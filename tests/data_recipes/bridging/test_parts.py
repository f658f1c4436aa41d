"""Prompts, rewriting and filters, one by one."""

import importlib
import inspect
import re
import threading

import pytest
from PIL import Image

from revisual.client.budget import Budget, BudgetSpent
from revisual.core.errors import UserError
from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.filters import (
    Candidate,
    ConsistentThoughts,
    PlainThoughts,
    RightAnswer,
    SpeaksOfThePicture,
    ThoughtLength,
)
from revisual.data_recipes.bridging.language import Language, most_likely
from revisual.data_recipes.bridging.output import keep_pictures
from revisual.data_recipes.bridging.prompts import PromptFiles
from revisual.data_recipes.bridging.recipe import extract_thoughts
from revisual.data_recipes.bridging.rewriting import RuleRewriter

SAMPLE = Sample("q", "How many?", "3", images=[ImageSource(image=Image.new("RGB", (4, 4)))])
MODULES = ("recipe", "prompts", "rewriting", "language")


def examples(name):
    """The comparisons in a module's docstrings that say what comes out."""
    module = importlib.import_module(f"revisual.data_recipes.bridging.{name}")
    own = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
    for text in [inspect.getdoc(one) or "" for one in own]:
        yield from ((module, code) for code in re.findall(r"`([^`]+ == [^`]+)`", text))


EXAMPLES = [case for name in MODULES for case in examples(name)]


@pytest.mark.parametrize(("module", "code"), EXAMPLES, ids=[code for _, code in EXAMPLES])
def test_an_example_is_true(module, code):
    names = {"sample": SAMPLE, "Candidate": Candidate}
    assert eval(code, dict(vars(module)) | names)


def test_there_are_examples():
    assert {module.__name__.rpartition(".")[2] for module, _ in EXAMPLES} == set(MODULES)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("According to the description, AB = 3.", "According to the image, AB = 3."),
        ("From the image description, the bar is red.", "From the image, the bar is red."),
        ("The description of the image says that x = 2.", "The image shows that x = 2."),
        ("The provided description clearly states 5.", "The image clearly shows 5."),
        ("the description tells us that r = 2", "the image shows that r = 2"),
        ("The description doesn't specify the unit.", "The image doesn't show the unit."),
        ("As described in the detailed image description, it is blue.", "As shown in the image, it is blue."),
        ("So, as described, the angle is 30.", "So, as shown in the image, the angle is 30."),
        ("the points mentioned in the description", "the points shown in the image"),
        ("The caption mentions a cat.", "The image shows a cat."),
        ("Let me re-read the description. It's round.", "Let me re-read the image. It's round."),
        # talk of something else stays
        ("the description of the function f", "the description of the function f"),
        ("The circle described by x^2 + y^2 = 1.", "The circle described by x^2 + y^2 = 1."),
        ("The image shows a triangle.", "The image shows a triangle."),
        ("Describe the set of all points.", "Describe the set of all points."),
    ],
)
def test_rules(before, after):
    assert RuleRewriter()(before) == after
    assert RuleRewriter()(after) == after


def test_a_noun_and_rules_of_ones_own():
    assert RuleRewriter(noun="figure")("The description says so.") == "The figure shows so."
    assert RuleRewriter(rules=((r"\d+", "n"),))("3 of 4") == "n of n"


@pytest.mark.parametrize(
    "text",
    [
        "The description of the shape is short.",
        "I can't see the image, so I guess.",
        "Without seeing the actual picture, I assume that",
        "The user described a triangle.",
        "From the textual information alone",
        "The figure is not provided.",
        "These captions say otherwise; the caption is wrong",
    ],
)
def test_talk_of_words_in_the_pictures_place(text):
    assert SpeaksOfThePicture()(Candidate(SAMPLE, "", text))


@pytest.mark.parametrize(
    "text",
    [
        "In the image, AB is 3, as the label shows.",
        "A circle is described by its radius; the diagram is given at scale 1:2.",
        "We cannot see how to factor this, so without loss of generality let a > b.",
        "The question asks for x. The text in the picture reads 42.",
    ],
)
def test_talk_that_may_stay(text):
    assert SpeaksOfThePicture()(Candidate(SAMPLE, "", text)) is None


@pytest.mark.parametrize(
    ("filter", "response", "thoughts", "fault"),
    [
        (RightAnswer(), "<think>Hm</think>\\boxed{3.0}", "", None),
        (RightAnswer(), "<think>\\boxed{3}</think>\\boxed{4}", "", "wrong answer"),
        (RightAnswer(), "<think>3, surely.", "", "no answer"),
        (RightAnswer(), "x" * 1_000_001, "", "no verdict: too_long"),
        (ConsistentThoughts(), "", "No box at all.", None),
        (ConsistentThoughts(), "", "So \\boxed{3}.", None),
        (ConsistentThoughts(), "", "So \\boxed{4}.", "the thoughts box another answer"),
        (ThoughtLength(5, 8), "", "four", "too short"),
        (ThoughtLength(5, 8), "", "fives", None),
        (ThoughtLength(5, 8), "", "nine long", "too long"),
        (PlainThoughts(), "", "a < b and b > c | d", None),
        (PlainThoughts(), "", "a </think> b", "holds </think>"),
        (PlainThoughts(), "", "<|im_end|>", "holds <|im_end|>"),
    ],
)
def test_filters(filter, response, thoughts, fault):
    assert filter(Candidate(SAMPLE, response, thoughts)) == fault


TEXTS = {
    "en": "We know that the sum of the angles is 180, and so this one has to be the rest of it, which is 40 degrees.",
    "de": "Wir wissen, dass die Summe der Winkel 180 ist, und also muss der dritte nicht mehr als der Rest davon sein.",
    "fr": "Nous savons que la somme des angles est 180, donc le dernier est le reste et pas un de plus, on le voit.",
    "es": "Sabemos que la suma de los ángulos es 180, entonces el último es el resto de la suma, como se ve.",
    "zh": "我们知道三角形的内角和是180度，所以第三个角是40度。",
    "ru": "Мы знаем, что сумма углов равна 180, поэтому третий угол равен 40.",
}


@pytest.mark.parametrize("written", TEXTS)
@pytest.mark.parametrize("wanted", TEXTS)
def test_languages(written, wanted):
    fault = Language(wanted)(Candidate(SAMPLE, "", TEXTS[written]))
    assert (fault is None) == (written == wanted)


def test_formulas_are_of_no_language():
    formula = "α + β = \\frac{π}{2}, x ∈ ℝ, 𝑓(𝑥) = y² and y = 4y - 10, y, y, y: a e o"
    assert Language("en")(Candidate(SAMPLE, "", formula)) is None and most_likely(formula) is None
    assert Language("zh")(Candidate(SAMPLE, "", f"{TEXTS['en']}{TEXTS['zh'][:3]}")) is not None


@pytest.mark.parametrize(
    ("response", "thoughts"),
    [
        ("<think>a</think>b", "a"),
        ("a</think>b", "a"),  # the template opened it
        ("<think></think>b", "b"),  # a model that thinks in its answer
        ("b", "b"),
        ("<think>a</think>b</think>c", "a</think>b"),  # which `PlainThoughts` refuses
    ],
)
def test_thoughts_of_a_reply(response, thoughts):
    assert extract_thoughts(response) == thoughts


def test_a_prompt_without_its_places_is_refused(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("Think about {question}")
    with pytest.raises(UserError, match=r"prompts.reasoning: .*mine.txt: has no place {description}"):
        PromptFiles(reasoning=path).read()
    path.write_bytes(b"\xff")
    with pytest.raises(UserError, match="not UTF-8"):
        PromptFiles(pseudo_cot=path).read()


def test_what_is_filled_in_is_not_filled_again(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("{question} | {description} | \\boxed{} {other}")
    filled = PromptFiles(reasoning=path).read()["reasoning"].fill({"question": "{description}", "description": "d"})
    assert filled == "{description} | d | \\boxed{} {other}"


def test_a_budget_is_never_exceeded_by_threads():
    budget, taken = Budget(max_requests=1000), []

    def take():
        try:
            while True:
                budget.take()
                taken.append(1)
        except BudgetSpent:
            pass

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == budget.requests == 1000


def test_pictures_are_kept_as_they_are(tmp_path):
    """Files and bytes untouched, pictures in memory without loss, equal ones once; none from outside its folder."""
    root, out = tmp_path / "data", tmp_path / "out"
    root.mkdir()
    image = Image.new("RGB", (9, 5), "green")
    image.save(root / "a.webp")
    data = (root / "a.webp").read_bytes()
    sources = [ImageSource(path="a.webp", root=root), ImageSource(data=data), ImageSource(image=image)]
    first, second, third = keep_pictures(Sample("q", images=sources), out)
    assert first == second and first.endswith(".webp") and (out / first).read_bytes() == data
    assert third.endswith(".png")
    with Image.open(out / third) as kept:
        assert kept.size == (9, 5) and list(kept.convert("RGB").getdata()) == list(image.getdata())
    image.save(tmp_path / "b.png")
    with pytest.raises(UserError, match="outside the data folder"):
        keep_pictures(Sample("q", images=[ImageSource(path="../b.png", root=root)]), out)
