"""One parser for all tests: the one that `revisual fit` makes."""

from pathlib import Path

import pytest

from revisual import training_cli
from revisual.pipeline.plan import class_options

from .shipped import FULL


@pytest.fixture(scope="session")
def training_parser():
    made = []

    class ParsingOnly(training_cli.TrainingCLI):
        def instantiate_classes(self):
            made.append(self)

        def _run_subcommand(self, subcommand):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_cli, "TrainingCLI", ParsingOnly)
        training_cli.run(["fit", f"--config={FULL / 'text_rl.yaml'}"])
    return made[0]._parser("fit")


@pytest.fixture(scope="session")
def parse(training_parser):
    def parse(*configs, policy=None):
        options = [] if policy is None else [f"--model.init_args.policy.init_args.path={policy}"]
        named = class_options([Path(path) for path in configs])  # as the pipeline does
        return training_parser.parse_args([*named, *(f"--config={path}" for path in configs), *options])

    return parse
