"""A file in a package of parts is all that a new part takes."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from revisual.cli.main import main
from revisual.config.parts import BRIDGING, CURATION, EVERYTHING, TRAINING, import_parts

ROOT = Path(__file__).parents[2]
FILTER = '''
from dataclasses import dataclass

from revisual.rl.filters import AdvantageFilter


@dataclass(frozen=True)
class DynamicSamplingOfATest(AdvantageFilter):
    """Keeps all."""

    strength: float = 1.0

    def __call__(self, *args, **kwargs):
        """Keep all."""
'''
BENCHMARK = '''
from dataclasses import dataclass

from revisual.evaluation.benchmarks.table import TableBenchmark


@dataclass(frozen=True, kw_only=True)
class OlympiadOfATest(TableBenchmark):
    """Asks."""

    name: str = "olympiad_of_a_test"
    jsonl: str | None = "olympiad.jsonl"
'''
# A package may have more than one folder: a new file in the second one is as good as a file among the shipped ones.
RUN = """
import sys
import {package}
{package}.__path__.append({folder!r})
{code}
"""


def run(tmp_path, package, text, code):
    (tmp_path / "new_part.py").write_text(text)
    script = RUN.format(package=package, folder=str(tmp_path), code=code)
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_new_filter_is_known_by_its_short_name(tmp_path):
    code = "from revisual.cli.main import main; main(['fit', '--model.help=GRPOModule'])"
    done = run(tmp_path, "revisual.rl", FILTER, code)
    assert "revisual.rl.new_part.DynamicSamplingOfATest" in done.stdout, done.stderr
    code = (
        "from revisual.cli.main import main; sys.exit(main(['fit', '--model=GRPOModule', "
        "'--model.init_args.advantage_filter=DynamicSamplingOfATest', '--model.init_args.advantage_filter.strenth=2']))"
    )
    done = run(tmp_path, "revisual.rl", FILTER, code)
    assert "strenth" in done.stderr and "unknown class" not in done.stderr


def test_a_new_benchmark_is_known_by_its_name(tmp_path):
    code = (
        "from revisual.evaluation.selection import choose_benchmarks\n"
        "from revisual.evaluation.benchmarks import OlympiadOfATest, AIME24\n"
        "print(choose_benchmarks('olympiad_of_a_test') == [OlympiadOfATest()], AIME24().name)"
    )
    done = run(tmp_path, "revisual.evaluation.benchmarks", BENCHMARK, code)
    assert done.stdout == "True aime24\n", done.stderr


def test_everything_can_be_imported():
    import_parts(EVERYTHING)
    assert {*TRAINING, *CURATION, *BRIDGING} <= set(EVERYTHING)


def model(**options):
    policy = {"class_path": "PretrainedPolicy", "init_args": {"path": "x"}}
    return {"model": {"class_path": "GRPOModule", "init_args": {"policy": policy, **options}}}


@pytest.mark.parametrize(("options", "name", "hint"), [
    ({"advantage": {"class_path": "GroupNormalizd"}}, "GroupNormalizd", "GroupNormalized"),
    ({"advantage": {"class_path": "Samplin"}}, "Samplin", None),  # a dataclass that is no estimator
    ({"rewards": {"a": {"function": "LengthReward", "weight": 1}}}, "LengthReward", None),  # a callback
    ({"rewards": {"a": {"function": "FormatRewrd", "weight": 1}}}, "FormatRewrd", "FormatReward"),
    ({"loss": {"class_path": "ClipedLoss"}}, "ClipedLoss", "ClippedLoss"),
    ({"loss": {"class_path": "ClippedLoss", "init_args": {"importance": "TokenImportanc"}}}, "TokenImportanc",
     "TokenImportance"),
])  # fmt: skip
def test_a_hint_names_only_what_fits(tmp_path, capsys, options, name, hint):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(model(**options)))
    assert main(["fit", f"--config={tmp_path / 'config.yaml'}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"unknown class '{name}'" in line
    assert line.partition("did you mean ")[2].rstrip("?") == (hint or "")


@pytest.mark.parametrize(("data", "hint"), [("JSONLReadr", "JSONLReader"), ("ArithmeticTusk", "ArithmeticTask")])
def test_a_hint_for_a_list(capsys, data, hint):
    assert main(["tiny", "--out=a", f"--data=[{{class_path: {data}}}]"]) == 2
    assert capsys.readouterr().err.rstrip().endswith(f"did you mean {hint}?")
