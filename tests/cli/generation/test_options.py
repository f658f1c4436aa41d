"""What is asked, and how its answers are drawn."""

import pytest

from revisual.cli.generation.options import DrawingOptions, QuestionOptions
from revisual.client.request import Decoding
from revisual.core.errors import UserError
from revisual.data.prompting import Prompting


def test_what_is_not_given_is_as_the_model_was_measured(tmp_path):
    plain, drawn, greedy = tmp_path / "plain", tmp_path / "drawn", tmp_path / "greedy"
    for folder, prompting in ((drawn, Prompting(None, temperature=0.9, top_p=0.8, top_k=7)), (greedy, Prompting(None))):
        folder.mkdir()
        prompting.write(folder)
    assert DrawingOptions(do_sample=True).decoding(str(drawn)) == Decoding(0.9, 0.8, 7, 4096)
    assert DrawingOptions(do_sample=True, top_k=0).decoding(str(drawn)) == Decoding(0.9, 0.8, 0, 4096)
    # An export that was measured by the likeliest tokens says nothing of how others are drawn.
    for folder in (plain, greedy):
        assert DrawingOptions(do_sample=True, max_tokens=5).decoding(str(folder)) == Decoding(0.6, 0.95, 0, 5)
    assert DrawingOptions(temperature=0.9).decoding(str(drawn)) == Decoding(0.0, max_tokens=4096)


def test_several_answers_have_to_be_drawn():
    with pytest.raises(UserError, match="without --do_sample all answers would be the same"):
        DrawingOptions(n=2).decoding("model")
    with pytest.raises(UserError, match="0 draws nothing"):
        DrawingOptions(do_sample=True, temperature=0.0).decoding("model")


def test_a_question_has_its_pictures_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.png"):
        (tmp_path / name).touch()
    sample = QuestionOptions("Which?", [tmp_path / "b.png", (tmp_path / "a.png").relative_to(tmp_path)]).sample()
    assert sample.question == "Which?"
    assert [(image.root, image.path) for image in sample.images] == [(tmp_path, "b.png"), (tmp_path, "a.png")]
