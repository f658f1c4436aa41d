"""`revisual export`: checkpoints into folders."""

import os

import pytest
import torch
from conftest import SMALL, small_texts
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.testing import assert_close
from training.helpers import fit, grpo, prompts, some_samples
from training.ranks import STRATEGIES, start
from transformers import AutoModelForImageTextToText

from revisual.cli.main import main
from revisual.data.prompting import Prompting, read_prompting
from revisual.models.logprobs import token_logprobs
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy
from revisual.models.tiny import save_tiny_policy


def config(folder, policy_folder, extra=""):
    text = f"{{class_path: PretrainedPolicy, init_args: {{path: {policy_folder}{extra}}}}}"
    (folder / "config.yaml").write_text(f"model: {{class_path: GRPOModule, init_args: {{policy: {text}}}}}\n")


def trained(policy_folder, folder, options=None):
    """A run's module, and its checkpoint."""
    folder.mkdir(exist_ok=True)
    saved = ModelCheckpoint(folder / "checkpoints", filename="{step}", every_n_train_steps=1, save_top_k=-1)
    run = fit(grpo(policy_folder, options), prompts(some_samples(4)), folder, 1, [saved], enable_checkpointing=True)
    return run.module, folder / "checkpoints" / "step=1.ckpt"


def exported(checkpoint, out, *options):
    assert main(["export", "--checkpoint", str(checkpoint), "--out", str(out), *options]) == 0
    return PretrainedPolicy(str(out))


def scores(policy, module, encoder, prompts):
    """Log-probs of the same completions."""
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(20, 120, (len(prompts), 5), generator=generator)
    mask = torch.ones_like(tokens, dtype=torch.bool)
    kept, module.policy = module.policy, policy.eval()
    try:
        with torch.no_grad():
            return token_logprobs(
                policy, module.inputs(prompts, torch.arange(len(prompts)), tokens, mask), tokens, mask
            )
    finally:
        module.policy = kept


@pytest.mark.parametrize("options", [None, {"lora": LoRA(rank=4)}])
def test_an_export_scores_as_the_run_did(policy_folder, encoder, mixed_prompts, tmp_path, options):
    module, checkpoint = trained(policy_folder, tmp_path / "run", options)
    adapter = ", lora: {rank: 4}" if options else ""
    config(tmp_path / "run", policy_folder, adapter)
    loader = exported(checkpoint, tmp_path / "out")
    again = loader.load(loader.load_processor())
    expected = scores(module.policy, module, encoder, mixed_prompts).logprobs
    assert_close(scores(again, module, encoder, mixed_prompts).logprobs, expected, atol=1e-5, rtol=0)
    before = PretrainedPolicy(str(policy_folder))
    untrained = scores(before.load(before.load_processor()), module, encoder, mixed_prompts).logprobs
    assert (untrained - expected).abs().max() > 1e-4  # what was exported is what was learnt


def test_weights_can_be_written_in_half_precision(policy_folder, tmp_path):
    module, checkpoint = trained(policy_folder, tmp_path / "run")
    config(tmp_path / "run", policy_folder)
    exported(checkpoint, tmp_path / "out", "--dtype", "bfloat16")
    model = AutoModelForImageTextToText.from_pretrained(tmp_path / "out")
    assert model.dtype == torch.bfloat16
    for name, value in module.policy.named_parameters():
        assert_close(model.get_parameter(name).float(), value.detach(), atol=0, rtol=2**-8)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path, run: path.write_bytes(path.read_bytes()[:1000]), "cannot read the checkpoint"),
        (lambda path, run: path.unlink(), "no such checkpoint"),
        (lambda path, run: (run / "config.yaml").unlink(), "no config.yaml beside it or above it"),
        (lambda path, run: (run / "config.yaml").write_text("model: {}"), "no model.init_args.policy in it"),
        (lambda path, run: (path.unlink(), path.mkdir()), "not a whole checkpoint"),
    ],
)
def test_what_cannot_be_exported_is_one_line(policy_folder, tmp_path, capsys, spoil, message):
    _, checkpoint = trained(policy_folder, tmp_path / "run")
    config(tmp_path / "run", policy_folder)
    spoil(checkpoint, tmp_path / "run")
    assert main(["export", "--checkpoint", str(checkpoint), "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert line.startswith("revisual export: ") and message in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["checkpoints/step=1.ckpt", "stopped.ckpt"])
def test_the_config_is_found_in_the_logs_of_the_run(policy_folder, tmp_path, place):
    """Where the checkpoints have a folder of their own, or a run was asked to stop."""
    run = tmp_path / "run"
    module, checkpoint = trained(policy_folder, run)
    checkpoint.rename(run / place)
    for version, age in enumerate((200, 100, -100)):  # the second one wrote the checkpoint, the third came later
        folder = run / f"logs/version_{version}"
        folder.mkdir(parents=True, exist_ok=True)
        config(folder, policy_folder if version == 1 else "nowhere")
        written = (run / place).stat().st_mtime
        os.utime(folder / "config.yaml", (written - age, written - age))
    exported(run / place, tmp_path / "out")
    model = AutoModelForImageTextToText.from_pretrained(tmp_path / "out")
    name, value = next(iter(module.policy.named_parameters()))
    assert_close(model.get_parameter(name), value.detach())


def test_another_policys_checkpoint_is_refused(policy_folder, tmp_path, capsys):
    _, checkpoint = trained(policy_folder, tmp_path / "run")
    save_tiny_policy(tmp_path / "deeper", SMALL.__class__(**{**vars(SMALL), "layers": 3}), small_texts())
    config(tmp_path / "run", tmp_path / "deeper")
    assert main(["export", "--checkpoint", str(checkpoint), "--out", str(tmp_path / "out")]) == 2
    assert "only one of the two has model.language_model.layers.2" in capsys.readouterr().err


@pytest.mark.engine
@pytest.mark.parametrize("strategy", STRATEGIES[1:])
def test_every_strategys_checkpoint_is_exported(policy_folder, tmp_path, strategy):
    result = start("grpo", policy_folder, tmp_path / "run", 2, strategy)[0]
    config(tmp_path / "run", policy_folder)
    loader = exported(tmp_path / "run" / "grpo" / "step=4.ckpt", tmp_path / "out")
    policy = loader.load(loader.load_processor())
    for name, value in policy.named_parameters():
        assert torch.equal(value, result["weights"][name]), name


def test_a_config_beside_a_checkpoint_runs_no_code_of_a_model(policy_folder, tmp_path, capsys):
    _, checkpoint = trained(policy_folder, tmp_path / "run")
    config(tmp_path / "run", policy_folder, ", trust_remote_code: true")
    words = ["export", "--checkpoint", str(checkpoint), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "asks for trust_remote_code" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert main([*words, "--run_config", str(tmp_path / "run" / "config.yaml")]) == 0
    assert f"the policy's config and processor come from {policy_folder}" in capsys.readouterr().out


def test_an_export_over_others_files_is_refused(policy_folder, tmp_path, capsys):
    _, checkpoint = trained(policy_folder, tmp_path / "run")
    config(tmp_path / "run", policy_folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    assert main(["export", "--checkpoint", str(checkpoint), "--out", str(tmp_path / "mine")]) == 2
    assert "holds thesis.txt, which no export wrote" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_it_says_how_to_ask_as_the_runs_own_export_does(policy_folder, tmp_path):
    """The run's config has all keys, as Lightning writes it."""
    words = ["--model=GRPOModule", "--model.policy=PretrainedPolicy", f"--model.policy.path={policy_folder}"]
    words += ["--model.policy.max_pixels=5000", "--model.system_prompt=Be brief.", "--trainer.accelerator=cpu"]
    words += ["--model.sampling.group_size=2", "--model.sampling.max_new_tokens=4"]
    words += ['--model.eval_sampling={"validation": {"sampled": {"temperature": 0.7, "top_p": 0.9}}}']
    words += ["--data=PromptDataModule", "--data.batch_size=2"]
    words += ['--data.train=[{"class_path": "ArithmeticTask", "init_args": {"count": 4}}]']
    words += ["--trainer.max_steps=1", "--trainer.callbacks=HFExport", "--trainer.callbacks+=ModelCheckpoint"]
    words += ["--trainer.callbacks.every_n_train_steps=1", f"--trainer.default_root_dir={tmp_path}"]
    assert main(["fit", *words]) == 0
    (checkpoint,) = tmp_path.rglob("*.ckpt")
    exported(checkpoint, tmp_path / "out", "--run_config", str(next(tmp_path.rglob("config.yaml"))))
    assert read_prompting(str(tmp_path / "out")) == Prompting("Be brief.", None, None, 5000, 0.7, 0.9)
    assert read_prompting(str(tmp_path / "export")) == read_prompting(str(tmp_path / "out"))
