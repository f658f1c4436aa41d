"""No answer, however made, keeps an official rule busy."""

import time

from revisual.evaluation.official import dynamath, gpqa, logicvista, mathvision, mathvista, mmmu, we_math
from revisual.evaluation.official.latex_value import latex_value


def test_nothing_is_costly():
    hostile = ["9^9^9^9^9", "9^{9^{9^9}}", "(" * 90, "(" * 100_000, "2^" * 49 + "2", r"\frac{" * 30, "9" * 100_000]
    hostile += ["-" * 99 + "1", "9999^{5000}" * 12, " " * 100_000, "(" * 200 + "1" + ")" * 200]
    hostile += ["oxe{}d{" * 20_000, "<Answer>:" + " " * 100_000 + "x", "<Answer>: <" * 20_000, "111," * 25_000 + "x"]
    hostile += [
        "Answer: " * 20_000,
        "A, " * 30_000 + "!",
        "is so " * 20_000,
        "\n" * 100_000,
        "}" * 50_000 + "{" * 50_000,
    ]
    start = time.process_time()
    for text in hostile:
        latex_value(text)
        mathvision.is_equal(text, "1")
        mathvision.extract(rf"\boxed{{{text}}}")
        dynamath.short_answer("{" + text)
        we_math.find_choice(text)
        we_math.unwrap(text)
        gpqa.find_choice(text)
        mathvista.normalize(text, ["one", "another one"], "multi_choice", "text", None)
        mmmu.choice_score(text, ["one", "another one"], "A")
        logicvista.letters(text)
        mmmu.open_is_right(text, "1")
    assert time.process_time() - start < 10
