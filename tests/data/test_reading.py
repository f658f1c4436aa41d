"""What each reader of a split gave."""

import logging

from PIL import Image
from training.helpers import Given, some_samples

from data.test_prompts import attached
from revisual.data.images import ImageSource
from revisual.data.prompts import PromptDataModule
from revisual.data.reading import ReaderSummary
from revisual.data.sample import Sample
from revisual.data.synthetic.arithmetic import ArithmeticTask


def test_the_line():
    assert str(ReaderSummary("a.jsonl", 1200, 0, 0, [10, 21])) == (
        "a.jsonl: 1,200 samples, no pictures, 16 tokens on average and at most 21"
    )
    assert str(ReaderSummary("a", 3, 2, 4, [], 1, 2)) == (
        "a: 3 samples, 2 with pictures (4), 0 tokens on average and at most 0; "
        "1 dropped for a picture that cannot be decoded; 2 dropped for their length"
    )


def test_every_reader_is_told_with_its_drops(encoder, caplog, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"nothing")
    Image.new("RGB", (56, 56)).save(tmp_path / "whole.png")
    pictured = [
        Sample(name, "Which?", "red", "own", [ImageSource(path=f"{name}.png", root=tmp_path)])
        for name in ("whole", "broken")
    ]
    long = Sample("long", "In the figure, x is as long as it is." * 20, "2", "own")
    sums = ArithmeticTask(count=5)
    lengths = [len(encoder.encode(sample).token_ids) for sample in sums()]
    limit = 60
    assert max(lengths) < limit < len(encoder.encode(long).token_ids)
    data = attached(PromptDataModule([sums, Given([*pictured, long])], max_prompt_tokens=limit), encoder)
    with caplog.at_level(logging.INFO):
        data.setup("fit")
    told = [record.getMessage() for record in caplog.records]
    mean, kept = round(sum(lengths) / 5), len(encoder.encode(pictured[0]).token_ids)
    first = f"{sums.label}: 5 samples, no pictures, {mean} tokens on average and at most {max(lengths)}"
    second = (
        f"{Given([]).label}: 3 samples, 2 with pictures (2), {kept} tokens on average and at most {kept}; "
        "1 dropped for a picture that cannot be decoded; 1 dropped for their length"
    )
    assert [line for line in told if "tokens on average" in line] == [f"data.train: {first}", f"data.train: {second}"]
    assert sum("1 of 3 questions name a picture and have none; the first, long" in line for line in told) == 1


def test_nothing_is_doubted_without_reason(encoder, caplog):
    data = attached(PromptDataModule([Given(some_samples(8))]), encoder)
    data.setup("fit")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
