"""A list of an overlay takes the place of the one below it."""

import pytest
import yaml

from revisual.config.training_cli import DEFAULT_CALLBACKS, PROGRESS, make_cli
from revisual.memory_plan.config import _Parsing

POLICY = {"class_path": "PretrainedPolicy", "init_args": {"path": "a/policy"}}


def reader(kind, **options):
    return {"class_path": kind, "init_args": options}


BELOW = reader("JSONLReader", path="a.jsonl", columns={"question": "problem"}, limit=5, source="a", skip_invalid=True)


@pytest.fixture
def parsed(tmp_path):
    """Parses an overlay over a config with two readers and two callbacks."""

    def parse(overlay, *options):
        callbacks = [
            {"class_path": "ModelCheckpoint", "init_args": {"every_n_train_steps": 4}},
            {"class_path": "RolloutLog"},
        ]
        below = {
            "model": {"class_path": "SFTModule", "init_args": {"policy": POLICY}},
            "trainer": {"callbacks": callbacks},
            "data": {"class_path": "SFTDataModule", "init_args": {"batch_size": 3, "train": [BELOW, BELOW]}},
        }
        for name, content in (("below", below), ("overlay", overlay)):
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
        files = [f"--config={tmp_path / name}.yaml" for name in ("below", "overlay")]
        return make_cli(["fit", *files, *options], _Parsing).config.fit

    return parse


@pytest.mark.parametrize("kind", ["ParquetReader", "JSONLReader"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_reader_inherits_nothing_from_the_one_that_it_replaces(parsed, kind, count):
    own = [reader(kind, path=f"{k}", limit=7) for k in range(count)]
    config = parsed({"data": {"init_args": {"train": own}}})
    assert config.data.init_args.batch_size == 3  # mappings are joined
    assert len(config.data.init_args.train) == count
    for k, one in enumerate(config.data.init_args.train):
        assert one.class_path.endswith(kind) and (one.init_args.path, one.init_args.limit) == (f"{k}", 7)
        assert (one.init_args.columns, one.init_args.source, one.init_args.skip_invalid) == ({}, None, False)


def test_callbacks_too(parsed):
    watch = [{"class_path": "ModelCheckpoint", "init_args": {"save_last": True}}, {"class_path": "RolloutLog"}]
    first, *_ = parsed({"trainer": {"callbacks": watch}}).trainer.callbacks
    assert first.init_args.save_last is True and first.init_args.every_n_train_steps is None


def test_additions_see_what_is_there(parsed):
    config = parsed({"trainer": {"callbacks+": [{"class_path": "MetricsFile"}]}}, "--trainer.callbacks+=HFExport",
                    "--trainer.callbacks.folder=mine")  # fmt: skip
    of_every_run = {*DEFAULT_CALLBACKS["fit"], PROGRESS}
    first, *_, added, last = (one for one in config.trainer.callbacks if one.class_path not in of_every_run)
    assert first.init_args.every_n_train_steps == 4 and added.class_path.endswith("MetricsFile")
    assert last.class_path.endswith("HFExport") and last.init_args.folder == "mine"
