"""Responses to learn from."""

import pytest
from training.helpers import examples, some_samples

from data.test_prompts import attached
from revisual.core.errors import UserError
from revisual.data.sample import Sample
from revisual.data.sft import THOUGHTS_THEN_BOX, ExampleDataset, response_text, split_by_reply
from revisual.data.turns import text_of

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


def talk(turns=2):
    said = [("user", [{"type": "image"}, {"type": "text", "text": "6 * 7?"}]), ("assistant", "42"),
            ("user", "And more?"), ("assistant", "43")]  # fmt: skip
    return [{"role": role, "content": content} for role, content in said[: 2 * turns]]


def test_a_conversation_teaches_its_last_turn_as_it_stands():
    assert response_text(Sample("s", messages=talk()), THOUGHTS_THEN_BOX) == "43"
    asked = Sample("s", messages=talk()[:1], answer="42")
    with pytest.raises(UserError, match="sample s has no solution"):
        response_text(asked, THOUGHTS_THEN_BOX)


def test_every_turn_is_an_example_with_what_stands_before_it(encoder):
    pictures = some_samples(2)[1].images
    sample = Sample("s", messages=talk(), images=pictures)
    one, two = split_by_reply(sample)
    assert (one.id, two.id) == ("s", "s, turn 2") and (one.messages, two.messages) == (talk(1), talk(2))
    assert split_by_reply(one) == [one] and split_by_reply(Sample("t", "?")) == [Sample("t", "?")]
    first, second = (ExampleDataset([one, two], encoder, "{answer}")[k] for k in range(2))
    decode = encoder.processor.tokenizer.decode
    assert [decode(each.response_ids) for each in (first, second)] == ["42<|im_end|>", "43<|im_end|>"]
    prompt = decode(second.prompt.token_ids)
    assert "42<|im_end|>" in prompt and prompt.endswith("And more?<|im_end|>\n<|im_start|>assistant\n")
    assert "43" not in prompt and "42" not in decode(first.prompt.token_ids)


def test_pictures_of_later_turns_are_left_out():
    later = [*talk(1), {"role": "user", "content": [{"type": "image"}]}, {"role": "assistant", "content": "x"}]
    pictures = list(some_samples(4)[3].images)
    one, two = split_by_reply(Sample("s", messages=later, images=pictures))
    assert (list(one.images), list(two.images)) == (pictures[:1], pictures)


@pytest.mark.parametrize(("learn_from", "want"), [("last_turn", ["43"]), ("every_turn", ["42", "43"])])
def test_training_learns_from_the_last_turn_or_from_all(encoder, learn_from, want):
    text = [{"role": turn["role"], "content": text_of(turn)} for turn in talk()]
    data = attached(examples([Sample("s", messages=text)], learn_from=learn_from), encoder)
    data.setup("fit")
    assert [response_text(sample, "{answer}") for sample in data.datasets["train"].samples] == want
