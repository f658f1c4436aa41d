"""Old names of keys and classes in configs and options."""

import pytest
import yaml

from revisual.config.renamed import rename_config_text
from revisual.config.renaming import Renames
from revisual.core.errors import UserError

KEYS = {
    "model.init_args.kl": "model.init_args.kl_coef",
    "model.init_args.loss.init_args.kl": "model.init_args.loss.init_args.kl_estimator",
    "model.init_args.entropy": "model.init_args.entropy_coef",
    "model.init_args.filter": "model.init_args.advantage_filter",
    "model.init_args.filter.init_args.ratio": "model.init_args.advantage_filter.init_args.share",
    "model.init_args.epochs": "model.init_args.updates_per_rollout",
    "model.init_args.parity": "model.init_args.engine_check",
    "model.init_args.temperature": "model.init_args.sampling.temperature",
    "model.init_args.max_new_tokens": {
        "GRPOModule": "model.init_args.sampling.max_new_tokens",
        "SFTModule": "model.init_args.eval_sampling.max_new_tokens",
    },
    "model.init_args.validation": "model.init_args.eval_sampling.validation",
}
GONE = {"model.init_args.micro_batches": "set model.init_args.max_tokens_per_pass"}
CLASSES = {"GroupNormalised": "GroupNormalized", "MeanCentred": "MeanCentered"}


@pytest.fixture
def lines():
    return []


@pytest.fixture
def renames(lines):
    return Renames(KEYS, CLASSES, GONE, lines.append)


def under_model(**init_args):
    return {"model": {"class_path": "GRPOModule", "init_args": init_args}}


OLD = under_model(
    kl={"class_path": "Constant", "init_args": {"value": 0.1}},
    loss={"class_path": "ClippedLoss", "init_args": {"kl": "K3"}},
    entropy=0.01,
    filter={"class_path": "PowerSampling", "init_args": {"ratio": 0.5}},
    epochs=2,
    parity=None,
    micro_batches=256,
    temperature=0.7,
    max_new_tokens=64,
    validation=None,
    advantage="GroupNormalised",
    group_size=8,
)
NEW = under_model(
    kl_coef={"class_path": "Constant", "init_args": {"value": 0.1}},
    loss={"class_path": "ClippedLoss", "init_args": {"kl_estimator": "K3"}},
    entropy_coef=0.01,
    advantage_filter={"class_path": "PowerSampling", "init_args": {"share": 0.5}},
    updates_per_rollout=2,
    engine_check=None,
    sampling={"temperature": 0.7, "max_new_tokens": 64},
    advantage="GroupNormalized",
    group_size=8,
)


def test_a_config_gets_the_new_names(renames, lines):
    before = yaml.safe_dump(OLD)
    assert renames.in_config(OLD) == NEW
    assert yaml.safe_dump(OLD) == before, "what was given is as it was"
    assert len(lines) == len(KEYS) + 2
    assert "model.init_args.kl is called model.init_args.kl_coef now; the old name works for one more release" in lines
    assert "model.init_args.micro_batches is not used any more: set model.init_args.max_tokens_per_pass" in lines
    assert "GroupNormalised is called GroupNormalized now; the old name works for one more release" in lines


def test_below_a_subcommand_too(renames):
    assert renames.in_config({"fit": OLD, "seed": 1}) == {"fit": NEW, "seed": 1}


def test_a_place_that_depends_on_the_class(renames, lines):
    new = "model.init_args.eval_sampling.max_new_tokens"
    old = {"model": {"class_path": "revisual.training.sft.SFTModule", "init_args": {"max_new_tokens": 9}}}
    assert renames.in_config(old)["model"]["init_args"] == {"eval_sampling": {"max_new_tokens": 9}}
    for name in ("SFTModule", "my.own.SFTModule"):
        words = [f"--model={name}", "--model.init_args.max_new_tokens=9"]
        assert renames.in_options(words) == [words[0], f"--{new}=9"]
    given = '--model={"class_path": "SFTModule", "init_args": {"max_new_tokens": 9}}'
    assert '"eval_sampling": {"max_new_tokens": 9}' in renames.in_options([given])[0]
    lines.clear()
    for unknown in ({"model": {"init_args": {"max_new_tokens": 9}}}, ["--model.init_args.max_new_tokens=9"]):
        rename = renames.in_config if isinstance(unknown, dict) else renames.in_options
        assert rename(unknown) == unknown
        (line,) = lines
        lines.clear()
        assert line == (
            "model.init_args.max_new_tokens has another name now: model.init_args.sampling.max_new_tokens in "
            "GRPOModule, model.init_args.eval_sampling.max_new_tokens in SFTModule"
        )


def test_new_names_stay_and_nothing_is_told(renames, lines):
    assert renames.in_config(NEW) == NEW and not lines
    for other in (None, 3, "text", ["MeanCentered"], {"model": "GRPOModule"}, {"model": {"init_args": None}}):
        assert renames.in_config(other) == other and not lines


def test_classes_are_renamed_wherever_they_stand(renames):
    content = {"a": [{"class_path": "MeanCentred"}, {"b": {"c": "GroupNormalised"}}], "text": "MeanCentred values"}
    expected = {"a": [{"class_path": "MeanCentered"}, {"b": {"c": "GroupNormalized"}}], "text": "MeanCentred values"}
    assert renames.in_config(content) == expected


def test_a_class_that_moved_is_found_by_its_name(renames, lines):
    old = {"class_path": "revisual.modules.grpo.GRPOModule"}
    assert renames.in_config(old) == {"class_path": "GRPOModule"} and len(lines) == 1
    assert renames.in_config("revisual.rl.advantages.MeanCentred") == "MeanCentered"
    kept = ["revisual.rl.advantages.MeanCentered", "torch.optim.MeanCentred", "my.own.GroupNormalised"]
    assert renames.in_config(kept) == kept


def test_a_key_under_both_names_is_refused(renames):
    with pytest.raises(UserError, match=r"model\.init_args\.kl_coef: is given twice, also under its old name"):
        renames.in_config(under_model(kl=0.1, kl_coef=0.2))
    with pytest.raises(UserError, match=r"sampling\.temperature: is given twice"):
        renames.in_config(under_model(temperature=0.1, sampling=None))


@pytest.mark.parametrize(("old", "new"), [
    (["--model.init_args.kl=0.1"], ["--model.init_args.kl_coef=0.1"]),
    (["--model.init_args.kl", "0.1"], ["--model.init_args.kl_coef", "0.1"]),
    (["--model.kl=0.1"], ["--model.kl_coef=0.1"]),
    (["--model.loss.kl=K2"], ["--model.loss.kl_estimator=K2"]),
    (["--model.init_args.loss.init_args.kl=K2"], ["--model.init_args.loss.init_args.kl_estimator=K2"]),
    (["--model.init_args.kl.init_args.value=1"], ["--model.init_args.kl_coef.init_args.value=1"]),
    (["--model.init_args.filter.init_args.ratio=1"], ["--model.init_args.advantage_filter.init_args.share=1"]),
    (["--model.init_args.filter+=KeepAll"], ["--model.init_args.advantage_filter+=KeepAll"]),
    (["--model.init_args.temperature=1"], ["--model.init_args.sampling.temperature=1"]),
    (["--model.init_args.loss={class_path: ClippedLoss, init_args: {kl: K1}}"],
     ['--model.init_args.loss={"class_path": "ClippedLoss", "init_args": {"kl_estimator": "K1"}}']),
    (["--model.advantage=MeanCentred"], ["--model.advantage=MeanCentered"]),
    (["--model.advantage", "MeanCentred"], ["--model.advantage", "MeanCentered"]),
    (["--model.init_args.micro_batches=8", "--seed=1"], ["--seed=1"]),
    (["--model.init_args.micro_batches", "8", "--seed=1"], ["--seed=1"]),
    (["--model.micro_batches", "--seed=1"], ["--seed=1"]),
])  # fmt: skip
def test_an_option_gets_its_new_name(renames, lines, old, new):
    assert renames.in_options(old) == new and len(lines) == 1


@pytest.mark.parametrize("words", [
    ["--config", "a.yaml", "--model=GRPOModule", "--model.init_args.klx=1", "--trainer.kl=1", "--kl=1"],
    ["--model.init_args.policy={broken", "--data=[a", "word"],
    [],
])  # fmt: skip
def test_other_options_stay(renames, lines, words):
    assert renames.in_options(words) == words and not lines


def test_a_text_without_old_names_stays_to_the_letter():
    text = "# a comment\nmodel:\n  class_path: 'GRPOModule'\nlr: 1e-3\n"
    assert rename_config_text(text) == text
    assert rename_config_text("a: [1\nb: 2") == "a: [1\nb: 2"
    assert yaml.safe_load(rename_config_text("advantage: MeanCentred\nlr: 1e-3\n")) == {
        "advantage": "MeanCentered",
        "lr": "1e-3",
    }
