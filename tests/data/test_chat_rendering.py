"""Chat templates that fail, do not end or write without end are one line."""

import pytest

from revisual.core.errors import UserError
from revisual.data import chat_rendering
from revisual.data.encoding import PromptEncoder
from revisual.data.sample import Sample
from revisual.models.policy import PretrainedPolicy

ENDLESS = "{%- for i in range(99999) -%}{%- for j in range(99999) -%}{%- endfor -%}{%- endfor -%}"
ONCE_ASKED = "{%- if 'Now' in messages[-1]['content'][0]['text'] -%}" + ENDLESS + "{%- endif -%}a"


@pytest.fixture
def render(policy_folder):
    processor = PretrainedPolicy(str(policy_folder)).load_processor()

    def of(template):
        processor.chat_template = processor.tokenizer.chat_template = template
        return PromptEncoder(processor, None).render(Sample("s", "Now?", "1"))

    return of


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ raise_exception('no such turn') }}", "the chat template does not render it: no such turn"),
        (
            "{{ messages[0].none.at_all }}",
            "the chat template does not render it: 'dict object' has no",
        ),
        ("{{ 1 / 0 }}", "the chat template does not render it: division by zero"),
        ("{% for %}", "the chat template does not render it: Expected an expression"),
        ("{{ 'a' * 5000000 }}", "the chat template makes 5,000,000 characters of it, more than 4,000,000"),
    ],
)
def test_what_fails_is_one_line_with_the_sample(render, template, reason):
    with pytest.raises(UserError) as caught:
        render(template)
    assert str(caught.value).startswith(f"sample s: {reason}") and "\n" not in str(caught.value)


def test_a_template_that_does_not_end_on_a_question_is_ended(render, monkeypatch):
    monkeypatch.setattr(chat_rendering, "MOST_SECONDS", 0.2)
    with pytest.raises(UserError, match=r"sample s: the chat template does not render it: not done after 0\.2 s"):
        render(ONCE_ASKED)
    assert render("b") == "b"
