"""Which answer a response commits to."""

import pytest

from revisual.grading.response import extract, judge
from revisual.grading.rules.finding import Found, find

RESPONSES = [
    (r"<think>\boxed{1}</think> So \boxed{\frac{1}{2}}.", r"\frac{1}{2}", "boxed"),
    (r"<think>\boxed{1}", "", "none"),
    (r"<think>It is 41.</think>", "", "none"),
    (r"\boxed{3} and \boxed{5}", "3, 5", "boxed"),
    (r"$\boxed{k=4} \quad \text{and} \quad \boxed{n=2}$", "k=4, n=2", "boxed"),
    (r"\boxed{41}. Wait, actually it is \boxed{42}.", "42", "boxed"),
    (r"\boxed{41} ... so, finally, \boxed{42}", "42", "boxed"),
    (r"\boxed{7} or \boxed{8}", "7 or 8", "boxed"),
    (r"It is not \boxed{7}.", "", "none"),
    (r"\boxed{\boxed{42}}", "42", "boxed"),
    ("\x08oxed{42}", "42", "boxed"),
    (r"\\boxed{42}", "42", "boxed"),
    (r"\boxed{}", "", "none"),
    ("<answer>84</answer>", "84", "tag"),
    ("<answer>1</answer> no: <answer>2</answer>", "2", "tag"),
    ("42", "42", "bare"),
    ("x = 4", "x = 4", "bare"),
    ("$28$ percent", "$28$ percent", "bare"),
    ("The answer is 42.", "42", "sentence"),
    ("So the final answer is: $x=3$, as we wanted.", "x=3", "sentence"),
    ("**Answer:** 17", "17", "sentence"),
    ("The largest n is 34.", "34", "sentence"),
    ("Therefore, there are 12 ways to do it. I hope it is correct.", "12", "sentence"),
    ("First I tried 30. In total we need 45 boxes.", "45", "sentence"),
    ("not 10 but 1,000.99€, that is", "1,000.99", "sentence"),
    ("Le coût final est donc de 100 - 30 = 70", "70", "sentence"),
    ("所以他们一共赚了**72元**。", "72元", "sentence"),
    ("답은 없습니다 لذا الناتج هو **66**.", "66", "sentence"),
    ("So it must be 2/3. <|im_end|> <|im_start|>user 5", "2/3", "sentence"),
    ("I'd say 7 or 8", "7 or 8", "sentence"),
    ("I do not know.", "I do not know.", "bare"),
]


@pytest.mark.parametrize(("response", "answer", "rule"), RESPONSES)
def test_found(response, answer, rule):
    found = find(response)
    assert (found.text.strip("$"), found.rule) == (answer.strip("$"), rule)
    assert extract(response) == found.text


@pytest.mark.parametrize("response", ["The answer is not 7.", "It isn't 7", "route A7", "It cannot be $7$."])
def test_what_is_denied_is_no_answer(response):
    assert "7" not in find(response).text or find(response).text == response


def test_alternatives_are_flagged():
    assert find(r"\boxed{7} or \boxed{8}") == Found("7 or 8", "boxed", hedged=True)
    assert find(r"\boxed{7} or 8").hedged


@pytest.mark.parametrize(
    ("content", "gold"),
    [
        ("The answer is 30 degrees.", "30"),
        ("There is no solution.", "no solution"),
        ("The correct option is (B).", "B"),
        ("A is incorrect, so the answer must be D", "D"),
    ],
)
def test_a_sentence_in_a_box(content, gold):
    assert judge(rf"\boxed{{{content}}}", gold).score == 1.0
    assert judge(rf"\boxed{{{content}}}", "C" if gold in "BD" else "31").score == 0.0
    assert judge(rf"\boxed{{It is 7 or 8, I think {gold}}}", "7").score == 0.0
