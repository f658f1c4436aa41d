"""The exported policy."""

import pytest
import torch
from training.helpers import fit, grpo, prompts, weights

from revisual.callbacks import HFExport
from revisual.core.errors import UserError
from revisual.core.manifest import check_export
from revisual.models.policy import PretrainedPolicy


def test_export_at_the_end(policy_folder, tmp_path):
    run = fit(grpo(policy_folder), prompts(), tmp_path, 1, [HFExport("stage")])
    assert check_export(tmp_path / "stage")
    loader = PretrainedPolicy(str(tmp_path / "stage"))
    loaded = dict(loader.load(loader.load_processor()).named_parameters())
    assert all(torch.equal(value, loaded[name]) for name, value in weights(run.module).items())


@pytest.mark.parametrize("name", [".", "", "..", "export/..", "mine"])
def test_a_folder_with_other_files_is_refused_before_training(policy_folder, tmp_path, name):
    run = tmp_path / "run"
    (run / "mine").mkdir(parents=True)
    for folder in (tmp_path, run, run / "mine"):
        (folder / "thesis.txt").write_text("years")
    module = grpo(policy_folder)
    with pytest.raises(UserError, match=r"the run's own folder or above it|holds thesis\.txt"):
        fit(module, prompts(), run, 1, [HFExport(name)])
    assert module._trainer is None or module.trainer.global_step == 0
    assert all((folder / "thesis.txt").exists() for folder in (tmp_path, run, run / "mine"))
