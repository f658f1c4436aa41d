"""Conversations in the forms of OpenAI, ShareGPT, LLaVA and verl."""

from base64 import b64encode
from pathlib import Path

import pytest

from revisual.data.encoding import PromptEncoder
from revisual.data.readers import JSONLReader, ParquetReader

from .reading import error_of, jsonl, parquet, png

CASES = Path(__file__).parents[3].parent / "shared" / "cases" / "readers"
QUESTION = [{"type": "image"}, {"type": "text", "text": "What?"}]
URL = "data:image/png;base64," + b64encode(png()).decode()
FORMS = {
    "LLaVA": {"conversations": [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "7"}],
              "image": "a.png"},
    "verl": {"prompt": [{"role": "user", "content": "<image>What?"}], "reward_model": {"ground_truth": 7},
             "images": ["a.png"]},
    "OpenAI": {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": URL}},
                                                         {"type": "text", "text": "What?"}]},
                            {"role": "assistant", "content": "7"}]},
    "Qwen": {"messages": [{"role": "user", "content": [{"type": "image", "image": "a.png"}, "What?"]}], "answer": "7"},
    "no mark": {"messages": [{"role": "user", "content": "What?"}], "answer": 7, "images": "a.png"},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_one_question_about_a_picture(tmp_path, form, processor):
    (tmp_path / "a.png").write_bytes(png())
    (sample,) = JSONLReader(jsonl(tmp_path, FORMS[form]))()
    assert sample.messages is not None and sample.messages[0] == {"role": "user", "content": QUESTION}
    assert (sample.answer, sample.asked, len(sample.images)) == ("7", "What?", 1)
    assert sample.load_images()[0].size == (4, 3)
    text = PromptEncoder(processor, None).render(sample)
    assert text.endswith("<|vision_end|>What?<|im_end|>\n<|im_start|>assistant\n") and "7" not in text


def test_of_parquet(tmp_path):
    picture = {"bytes": png(), "path": None}
    rows = [{"prompt": [{"role": "user", "content": "<image>What?"}], "images": [picture],
             "reward_model": {"style": "rule", "ground_truth": "7"}, "data_source": "geometry"},
            {"prompt": [{"role": "user", "content": "6 * 7?"}], "images": [],
             "reward_model": {"style": "rule", "ground_truth": "42"}, "data_source": "sums"}]  # fmt: skip
    one, two = ParquetReader(parquet(tmp_path, rows))()
    assert (one.source, one.answer, one.load_images()[0].size) == ("geometry", "7", (4, 3))
    assert (two.source, two.answer, two.asked, two.images) == ("sums", "42", "6 * 7?", ())
    single = [{"conversations": [{"from": "human", "value": "<image>What?"}], "image": picture, "answer": "7"}]
    (third,) = ParquetReader(parquet(tmp_path, single, "single.parquet"))()
    assert third.load_images()[0].size == (4, 3) and str(third.images[0]) == f"in {tmp_path / 'single.parquet'}"


def test_several_turns_with_pictures_where_their_marks_stand(tmp_path):
    turns = [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Left <image> or\n<image>?"},
             {"from": "gpt", "value": "Left."}, {"from": "human", "value": "And <image>?"},
             {"from": "gpt", "value": "Right."}]  # fmt: skip
    (sample,) = JSONLReader(jsonl(tmp_path, {"conversations": turns, "images": ["a.png"] * 3}))()
    assert sample.messages is not None
    assert [turn["role"] for turn in sample.messages] == ["system", "user", "assistant", "user", "assistant"]
    texts = [part.get("text", "*") for part in sample.messages[1]["content"]]
    assert texts == ["Left ", "*", " or", "*", "?"]
    assert (sample.asked, sample.answer) == ("And ?", "Right.")


def test_numbered_marks(tmp_path):
    turns = [{"from": "human", "value": "<image 1> or <image2>?"}, {"from": "gpt", "value": "Left."}]
    (sample,) = JSONLReader(jsonl(tmp_path, {"conversations": turns, "images": ["a.png", "b.png"]}))()
    assert [part.get("text", "*") for part in sample.messages[0]["content"]] == ["*", " or ", "*", "?"]
    turns[0]["value"] = "Is <image 2> in <image 1>?"
    (sample,) = JSONLReader(jsonl(tmp_path, {"conversations": turns, "images": ["a.png", "b.png"]}))()
    parts = [part.get("text", "*") for part in sample.messages[0]["content"]]
    assert parts == ["*", "*", "Is <image 2> in <image 1>?"]


def test_a_question_beside_a_conversation_counts(tmp_path):
    row = {"question": "6 * 7?", "answer": "42", "prompt": [{"role": "user", "content": "Hello?"}]}
    (sample,) = JSONLReader(jsonl(tmp_path, row))()
    assert (sample.question, sample.messages) == ("6 * 7?", None)
    (text,) = JSONLReader(jsonl(tmp_path, {"prompt": "6 * 7?", "gold": "42"}, name="b.jsonl"),
                          columns={"question": "prompt", "answer": "gold"})()  # fmt: skip
    assert (text.question, text.messages) == ("6 * 7?", None)


USER = {"role": "user", "content": "<image>What?"}
BAD = {
    "marks": ({"messages": [USER, USER], "images": ["a"]}, "messages have 2 <image> marks, and there are 1 pictures"),
    "nobody": ({"messages": [{"role": "system", "content": ""}], "images": ["a"]}, "messages have no user's turn"),
    "number": ({"messages": [{"role": "user", "content": 7}]}, "message 1 has content of type int"),
    "part": ({"messages": [{"role": "user", "content": [7]}]}, "message 1 has a part of type int"),
    "video": ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "message 1 has a part of the type 'vi"),
    "no text": ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "message 1 has a part of"),
    "turn": ({"conversations": ["Hello?"]}, "a message is not an object with a role"),
    "turns": ({"conversations": "Hello?"}, "messages are of type str, not a list"),
    "from": ({"conversations": [{"value": "Hello?"}]}, "a message is not an object with a role"),
    "address": ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": ""}}]}]},
                "a picture is empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_conversation_is_told_with_its_line(tmp_path, case):
    row, reason = BAD[case]
    path = jsonl(tmp_path, row)
    assert error_of(JSONLReader(path)).startswith(f"{path}, line 1: {reason}")


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside the repository")
@pytest.mark.parametrize("name", ["conv", "verl"])
def test_cases_of_others(name):
    (sample,) = JSONLReader(CASES / f"{name}.jsonl")()
    assert (sample.answer, sample.asked) == ("7", "What?") and len(sample.load_images()) == 1


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside the repository")
def test_numbered_marks_of_others(processor):
    (sample,) = JSONLReader(CASES / "inter1.jsonl")()
    text = PromptEncoder(processor, None).render(sample)
    place = "<|vision_start|><|image_pad|><|vision_end|>"
    assert f"{place} AB=3. {place} CD=4?" in text and "<image" not in text
