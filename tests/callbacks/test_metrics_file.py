"""A run's metrics and costs as a file."""

import json
import math
import resource

import torch
from lightning.pytorch import Callback
from training.helpers import fit, grpo, prompts, some_samples

from revisual.callbacks import MetricsFile
from revisual.callbacks.metrics_file import peak_memory_mib


class Broken(Callback):
    """Logs what JSON has no word for."""

    def on_train_batch_end(self, trainer, module, *_):
        module.log("broken", torch.tensor(math.nan))


def test_the_last_metrics_and_costs_of_a_fit(policy_folder, tmp_path):
    run = fit(grpo(policy_folder), prompts(some_samples(4)), tmp_path, 2, [MetricsFile("costs/m.json"), Broken()])
    content = json.loads((tmp_path / "costs" / "m.json").read_text())
    assert content["metrics"]["train/loss"] == run.log.values("train/loss")[-1]
    assert "broken" not in content["metrics"] and math.isnan(run.trainer.callback_metrics["broken"])
    assert "questions" not in content  # nothing was measured
    assert content["tokens"] == sum(run.log.values("rollout/tokens")) > 0 and content["seconds"] > 0
    assert "peak_gpu_memory_mib" not in content


def test_memory_is_of_this_process_and_never_falls():
    before = peak_memory_mib()
    block = torch.ones(64 * 2**20, dtype=torch.uint8)
    assert peak_memory_mib() >= before >= 0.9 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10 - 64
    assert len(block)


def test_questions_are_counted_where_all_of_them_were_asked(policy_folder, tmp_path):
    options = {"val_check_interval": 1, "check_val_every_n_epoch": None}
    for name, limit in (("all", 1.0), ("part", 1)):
        data, folder = prompts(validation=some_samples(4)), tmp_path / name
        fit(grpo(policy_folder), data, folder, 1, [MetricsFile()], limit_val_batches=limit, **options)
        content = json.loads((folder / "metrics.json").read_text())
        sources = [sample.source or "unnamed" for sample in data.datasets["validation"].samples]
        wanted = {source: sources.count(source) for source in sources} | {"all": len(sources)}
        assert content.get("questions") == (wanted if name == "all" else None)
