"""One parser for all tests: the one that `revisual fit` makes."""

import shutil
from pathlib import Path

import pytest
import torch
from models.families.helpers import tiny_folder

from revisual.config import training_cli
from revisual.pipeline.stages import class_options

from .shipped import FULL, QWEN3_VL, architecture_of


@pytest.fixture(scope="session")
def training_parser():
    class ParsingOnly(training_cli.TrainingCLI):
        def instantiate_classes(self):
            pass

        def _run_subcommand(self, subcommand):
            pass

    return training_cli.make_cli(["fit", f"--config={FULL / 'text_rl.yaml'}"], ParsingOnly)._parser("fit")


@pytest.fixture(scope="session")
def parse(training_parser):
    def parse(*configs, policy=None):
        options = [] if policy is None else [f"--model.init_args.policy.init_args.path={policy}"]
        named = class_options([Path(path) for path in configs])  # as the pipeline does
        return training_parser.parse_args([*named, *(f"--config={path}" for path in configs), *options])

    return parse


@pytest.fixture(scope="session")
def build(parse, training_parser, policy_folder, tmp_path_factory):
    """Config and module of a stage: a policy of a published size, its weights on no device, its tokenizer small."""
    made = {}

    def build(size, *configs):
        if (size, configs) not in made:
            folder = tmp_path_factory.mktemp(size) / "model"
            tiny = tiny_folder("qwen3_vl", folder.parent / "tiny") if size in QWEN3_VL else policy_folder
            shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("*.safetensors"))
            shutil.copy(architecture_of(size), folder / "config.json")
            config = parse(*configs, policy=folder)
            without_engine = config.clone()  # vLLM is not installed wherever tests run
            without_engine.model.init_args["engine"] = None
            module = training_parser.instantiate_classes(without_engine).model
            with torch.device("meta"):
                module.configure_model()
            made[size, configs] = config, module
        return made[size, configs]

    return build
