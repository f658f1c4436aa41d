"""The exported policy."""

import pytest
import torch
from training.helpers import examples, fit, grpo, prompts, sft, weights

from revisual.callbacks import HFExport
from revisual.core.errors import UserError
from revisual.core.manifest import check_export
from revisual.data.prompting import Prompting, read_prompting
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.engine import Sampling


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


@pytest.mark.parametrize("method", ["sft", "grpo"])
def test_an_export_says_how_it_was_trained_to_be_asked(policy_folder, tmp_path, method):
    ways = {"sampled": Sampling(temperature=0.7, top_p=0.9), "greedy": Sampling(temperature=0.0)}
    module = {"sft": sft, "grpo": grpo}[method](
        policy_folder, {"max_pixels": 5000}, system_prompt="Be brief.", validation=ways
    )
    data = prompts() if method == "grpo" else examples(response_template="{solution} so {answer}")
    fit(module, data, tmp_path, 1, [HFExport()])
    template = None if method == "grpo" else "{solution} so {answer}"
    asked = Prompting("Be brief.", template, None, 5000, 0.7, 0.9)
    assert read_prompting(str(tmp_path / "export")) == asked
    again = fit(grpo(tmp_path / "export"), prompts(), tmp_path / "two", 1, [HFExport()])
    assert again.module.encoder.system_prompt is None  # its own, not that of the export
    assert read_prompting(str(tmp_path / "two" / "export")) == Prompting(None, template, None, 5000)
