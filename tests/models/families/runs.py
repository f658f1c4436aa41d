"""Runs of a family's tiny policy that are compared with other runs: two processes with one, resumed with unbroken.

Started by torchrun as `runs.py STRATEGY OUT FOLDER...`, it takes the step of `one_sided` with each folder's policy.
"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import torch
from lightning.pytorch.callbacks import ModelCheckpoint

sys.path.insert(0, str(Path(__file__).parents[2]))

from training.helpers import examples, fit, grpo, prompts, sft, sgd, some_samples, weights
from training.ranks import TORCHRUN
from training.two_ranks import strategy

from models.families.helpers import stock_logprobs
from revisual.models.export import export_policy
from revisual.models.policy import PretrainedPolicy


def samples_for(folder, count, pictured=None):
    """Samples, of which those at the places in `pictured` have pictures; with None as they come."""
    found = some_samples(count)
    if not hasattr(PretrainedPolicy(str(folder)).load_processor(), "image_processor"):
        pictured = ()
    return [
        sample if pictured is None or place in pictured else replace(sample, images=[])
        for place, sample in enumerate(found)
    ]


def one_sided(folder, out, world=1, name="auto"):
    """The weights after a step on eight samples, of which one has pictures: two, on one of the processes."""
    module = sft(folder, optimizer=sgd, max_tokens_per_pass=400)
    data = examples(samples_for(folder, 8, pictured=(3,)), batch_size=8 // world)
    return weights(fit(module, data, out, 1, devices=world, strategy=strategy(name)).module)


def two_processes(folders, out, name):
    """What `one_sided` gives in two processes, by folder; of a strategy."""
    out.mkdir()
    words = [*TORCHRUN, "--standalone", "--nproc-per-node=2", __file__, name, out, *folders]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {folder: torch.load(out / f"{place}.pt") for place, folder in enumerate(folders)}


def step_gap(folder, one, two):
    """The largest distance of weights that two runs end with, relative to the farthest that the first moved one."""
    loader = PretrainedPolicy(str(folder))
    before = dict(loader.load(loader.load_processor()).named_parameters())
    assert before.keys() == one.keys() == two.keys()
    farthest = max(float((one[name] - before[name]).abs().max()) for name in before)
    return max(float((one[name] - two[name]).abs().max()) for name in before) / farthest


def resumed_gap(folder, out):
    """How far the weights of a resumed run are from those of an unbroken one, after two GRPO steps."""

    def steps(within, **options):
        saved = ModelCheckpoint(out / within, filename="{step}", every_n_train_steps=1, save_top_k=-1)
        module, data = grpo(folder, max_tokens_per_pass=400), prompts(samples_for(folder, 4))
        return weights(fit(module, data, out / within, 2, [saved], enable_checkpointing=True, **options).module)

    whole = steps("whole")
    again = steps("again", ckpt_path=next((out / "whole").glob("*step=1.ckpt")))
    return max(float((whole[name] - again[name]).abs().max()) for name in whole)


def exported_gap(tiny, out, lora=None):
    """How far log-probs of an export are from the policy's, after an SFT step: by stock classes, and loaded here."""
    module = sft(tiny.folder, {"lora": lora})
    module.configure_model()
    fit(module, examples(samples_for(tiny.folder, 8)), out / "run", 1)
    export_policy(module.policy, module.encoder.processor, out / "out")
    again = PretrainedPolicy(str(out / "out"))
    stock = type(tiny.stock()).from_pretrained(out / "out")
    models = [stock, again.load(again.load_processor()), module.policy.eval()]
    with torch.no_grad():
        found = [stock_logprobs(model, tiny, tiny.prompts[0], torch.tensor([40, 50, 60, 70])) for model in models]
    return max(float((one - found[2]).abs().max()) for one in found[:2])


def main(name, out, *folders):
    for place, folder in enumerate(folders):
        torch.manual_seed(0)
        found = one_sided(folder, out, 2, name)
        if torch.distributed.get_rank() == 0:
            torch.save(found, Path(out) / f"{place}.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
