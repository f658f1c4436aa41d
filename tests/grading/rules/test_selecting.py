"""Multiple choice without a judge: the last commitment after the thoughts."""

import pytest

from revisual.grading.response import Question, extract, judge

FIGURES = Question("Which figure completes the pattern? Select from A, B, C, D and E.")
NUMBERS = Question("What comes next? (A) 2  (B) 4 (C) 6 (D) 8")
LISTED = (
    "What comes next?\nA. 2\nB. 4\nC. 6\nD. 8",
    "What comes next?\n(A) 2\n(B) 4\n(C) 6\n(D) 8\nAnswer with the letter.",
    "What comes next?\nChoices:\nA) 2 \nB) 4 \nC) 6 \nD) 8\n\nThink first.",
    "What comes next? A. 2 B. 4 C. 6 D. 8",
    "What comes next?\nA: 2; B: 4".replace("; ", "\n"),
    "接下来是什么？\nA、2\nB、4\nC、6",
)
YES_NO = Question("Is it cut in half?", ("Yes", "No"))
LENGTHS = Question("Find x.", ("5.8", "6.5", "14.2", "44.3"))
ANGLES = Question("", ("100°", "120°", "145°", "150°"))
THINGS = Question("", ("A. the red car", "B. the blue bus", "C. none of them"))

RIGHT = [
    *(
        (FIGURES, "B", text)
        for text in (
            "B",
            "(B)",
            "b",
            "B.",
            "[B]",
            "**B**",
            r"\boxed{\text{B}}",
            "The correct answer is B.",
            "Answer: (B)",
            "**Answer**: B",
            "The answer is option B because the shapes rotate.",
            "Based on the pattern, option B is the correct answer.",
            "B. The pattern rotates clockwise.",
            "A has a circle and C has a square. The best choice would be B.",
            "I would choose option B.",
            "I think it's B, since A has the wrong colour.",
            "Option A is wrong. Therefore B.",
            "The missing piece is B",
            "so B",
            "Hence (B).",
            "First I thought it was A, but actually the answer is B.",
            "The answer is A. Wait, no. The answer is B.",
            "<think>The answer is A</think>The answer is B.",
            "The correct answer is not A but B.",
            "The shape in option B fits the cube.",
            "The answer is for sure B, it can't be A or C",
            "réponse est B non A",
            "答案是B。不是 A",
            "B不是 A",
            "In the end, Figure B follows.",
            "Answer: B\n\nC has the wrong colour and A is too large.",
            "The answer is:\n\n**(B)** There is no difference",
            "<answer>B</answer>",
        )
    ),
    *(
        (NUMBERS, "B", text)
        for text in ("4", "The answer is 4.", "So the next number is 4, option (B).", "(B) 4", r"\boxed{4}")
    ),
    *(
        (YES_NO, "Yes", text)
        for text in ("Yes", "Yes, it is cut.", "The answer is A.", "(A) Yes", "From the picture, yes, it is cut.")
    ),
    *(
        (LENGTHS, "5.8", text)
        for text in ("x = 5.8", "(A) 5.8", "A", r"\boxed{5.8}", "Therefore x ≈ 5.77, so the answer is A.")
    ),
    *(
        (ANGLES, "145°", text)
        for text in (
            "145",
            "∠ABC = 145°",
            "Answer: C",
            "The angle is 145°, because the arc is 290°.",
            r"\boxed{145^\circ}",
        )
    ),
    *(
        (THINGS, "the blue bus", text)
        for text in ("The blue bus is taller.", "It is the blue bus", "Blue bus", "B. the blue bus", "B")
    ),
    *((FIGURES, "A, D", text) for text in ("A, D", "AD", "D and A", "The answer is A and D.", "A and D are correct.")),
    (Question(), "145°", "The correct option is (B) 145°."),
    (Question(), "No", "(B) No"),
]

WRONG = [
    *(
        (FIGURES, "A", text)
        for text in (
            "B",
            "AB",
            "A, D",
            "The answer is B.",
            "I cannot determine the answer from the image.",
            "A clearer image is needed to answer.",
            "A picture shows three shapes. I'm sorry, but I can't see the options.",
            "<think>The answer is A</think>I do not know.",
            "It can be either A or B.",
            "The answer could be A or C",
            "The correct answer is not A.",
            "None of the options are correct.",
            "Z",
            "",
            r"\boxed{A} or \boxed{B}",
            "Because of that, nothing fits.",
        )
    ),
    (FIGURES, "A, D", "A"),
    (NUMBERS, "B", "8"),
    (NUMBERS, "B", "The answer is 8."),
    (YES_NO, "Yes", "No, it is not cut in half."),
    (YES_NO, "Yes", "I cannot determine"),
    (YES_NO, "No", ""),
    (LENGTHS, "5.8", "The correct choice is B: 6.5"),
    (LENGTHS, "5.8", "The length of x is 6.5."),
    (THINGS, "the blue bus", "The answer is the red car."),
    (Question(), "No", "The answer is (A) Yes."),
]


@pytest.mark.parametrize(("question", "gold", "response"), RIGHT)
def test_right(question, gold, response):
    assert judge(response, gold, question).score == 1.0


@pytest.mark.parametrize(("question", "gold", "response"), WRONG)
def test_wrong(question, gold, response):
    assert judge(response, gold, question).score == 0.0


def test_options_with_the_same_text_are_the_same():
    question = Question("", ("2", "4", "4"))
    assert judge("B", "C", question).score == judge("C", "B", question).score == 1.0


def test_golds_that_are_letters_of_the_drawing():
    assert judge("A", "A", Question("", ("C", "A", "B"))).rule == "bare/choice"


def test_extraction_names_the_options():
    assert extract("So the next number is 4.", NUMBERS) == "B"
    assert extract("I choose D and A.", FIGURES) == "I choose D and A."


@pytest.mark.parametrize("text", LISTED)
@pytest.mark.parametrize("gold", ["B", "4"])
def test_options_within_the_question_are_as_listed_choices(text, gold):
    within, listed = Question(text), Question("What comes next?", ("2", "4", "6", "8"))
    for response in (r"\boxed{B}", r"\boxed{4}", "(B) 4", "The answer is 4.", r"<think>2?</think>\boxed{B. 4}"):
        assert judge(response, gold, within).score == judge(response, gold, listed).score == 1.0, response
    for response in (r"\boxed{A}", r"\boxed{2}", "(A) 2", "The answer is 2."):
        assert judge(response, gold, within).score == judge(response, gold, listed).score == 0.0, response
    assert extract("So the next number is 4.", within) == "B"


@pytest.mark.parametrize(
    "text", ["Points A. B. C are on a line.", "Vitamin A. is good.", "A. Who? C. What?", "B. 2\nC. 3"]
)
def test_letters_that_begin_no_list_are_no_options(text):
    assert judge("2", "A", Question(text)).score == 0.0 and judge("A", "A", Question(text)).score == 1.0
