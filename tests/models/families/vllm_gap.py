"""How far log-probs of vLLM's rollouts are from a family's stock forward, in a process of its own for each family."""

import json
import multiprocessing
import os
import re
import traceback
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from conftest import picture_samples
from rollout.vllm.helpers import ENVIRONMENT

from models.families.gaps import drawn_gap
from models.families.helpers import Made, tiny_folder
from revisual.rollout.vllm.engine import VLLMRollout

REGISTRY = "vllm.model_executor.models.registry"
SIZES = {"key_value_heads": 1, "initializer_range": 0.1}
"""Two heads of 32 channels, the fewest that vLLM has CPU kernels for, and weights that let outputs vary."""


def vllm_gap(family, folder):
    made = Made(tiny_folder(family, folder, **SIZES), picture_samples())
    return drawn_gap(made, made.policy(), VLLMRollout(max_model_len=512, max_pictures=2))[0]


def gap_or_error(family):
    """The gap; where vLLM does not compute the family, its error in short.

    Forked from a process that has loaded vLLM, which takes longer than what is measured.
    """
    os.environ.update(ENVIRONMENT)
    import_module(REGISTRY)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        process = multiprocessing.get_context("fork").Process(target=write_found, args=(family, out))
        process.start()
        process.join()
        return json.loads(out.read_text()) if out.exists() else f"ended with status {process.exitcode}"


def write_found(family, out):
    # Classes are looked at in this process, which is already one of its own.
    import_module(REGISTRY)._run_in_subprocess = lambda inspect: inspect()
    try:
        found = vllm_gap(family, out.parent / "tiny")
    except Exception as error:
        found = in_short(error)
        traceback.print_exc()
    out.write_text(json.dumps(found))


def in_short(error):
    """An error's kind and first words, without the places that it names."""
    said = str(error) or traceback.extract_tb(error.__traceback__)[-1].line
    text = re.sub(r"(/[\w.+-]+){2,}", "...", " ".join(said.split()))
    return f"{type(error).__name__}: {text[:160]}"
