import pytest
from PIL import Image

from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.filters import (
    Candidate,
)
from revisual.data_recipes.bridging.language import Language, most_likely

SAMPLE = Sample("q", "How many?", "3", images=[ImageSource(image=Image.new("RGB", (4, 4)))])


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
