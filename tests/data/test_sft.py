"""Responses to learn from."""

import pytest
from training.helpers import some_samples

from revisual.core.errors import UserError
from revisual.data.sample import Sample
from revisual.data.sft import THOUGHTS_THEN_BOX, ExampleDataset, response_text

SAMPLE = Sample("s", "What is 6 * 7?", "42", solution="6 * 7 = 42")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (THOUGHTS_THEN_BOX, "<think>\n6 * 7 = 42\n</think>\n\n\\boxed{42}"),
        ("{answer}", "42"),
        ("<think>{solution}</think>{answer}", "<think>6 * 7 = 42</think>42"),
        ("{answer} since {solution}", "42 since 6 * 7 = 42"),
    ],
)
def test_templates(template, text):
    assert response_text(SAMPLE, template) == text


def test_braces_in_a_solution_are_text():
    odd = Sample("s", "?", "{solution}", solution="{answer}")
    assert response_text(odd, "{solution}|{answer}") == "{answer}|{solution}"


def test_no_solution_is_one_line():
    bare = Sample("s", "?", "42")
    with pytest.raises(UserError, match="sample s has no solution"):
        response_text(bare, THOUGHTS_THEN_BOX)
    assert response_text(bare, "{answer}") == "42"


def test_examples(encoder):
    samples = some_samples(4)
    examples = ExampleDataset(samples, encoder, "{answer}")
    for k, sample in enumerate(samples):
        assert examples[k].prompt.sample is sample
        assert encoder.processor.tokenizer.decode(examples[k].response_ids) == f"{sample.answer}<|im_end|>"
