"""Who is asked, how, and who judges."""

import pytest

from revisual.cli.evaluation.options import AnswerOptions, JudgeOptions, ServerOptions
from revisual.client.request import Decoding
from revisual.core.errors import UserError
from revisual.evaluation.presets import Preset

PRESET = Preset("own", temperature=0.7, top_p=0.9)


def test_what_is_not_given_is_the_presets():
    assert AnswerOptions().decoding(PRESET) == Decoding(0.7, 0.9, 0, 8192)
    given = AnswerOptions(temperature=0.0, top_p=1.0, top_k=3, max_tokens=5, extra={"min_p": 0.1})
    assert given.decoding(PRESET) == Decoding(0.0, 1.0, 3, 5, {"min_p": 0.1})


def test_without_an_address_no_server_answers():
    assert ServerOptions(concurrency=3).responder("model", Decoding()) is None
    asked = ServerOptions("http://localhost:8000/v1", concurrency=3).responder("model", Decoding())
    assert asked.model == "model"


def test_a_judge_needs_an_address_and_a_name():
    assert JudgeOptions().judge(16, 600.0) is None
    assert JudgeOptions("http://localhost:8001/v1", "judge", judge_checks=5).judge(16, 600.0).checks == 5
    for options in (JudgeOptions(judge_url="http://localhost:8001/v1"), JudgeOptions(judge_model="judge")):
        with pytest.raises(UserError, match="go together"):
            options.judge(16, 600.0)
