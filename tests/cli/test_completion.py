"""What bash completes, asked of bash."""

import subprocess
from pathlib import Path

import pytest
import shtab

from revisual.cli.completion import outline
from revisual.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
ASK = """
source "$SCRIPT"
COMP_WORDS=(revisual "$@")
COMP_CWORD=$#
_shtab_revisual revisual "${@: -1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(script, *words):
    environment = {"PATH": "/usr/bin:/bin", "SCRIPT": str(script)}
    command = ["bash", "--norc", "-c", ASK, "bash", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=ROOT)
    assert not done.stderr
    return done.stdout.split()


def test_a_command_is_completed(tmp_path):
    script = tmp_path / "script"
    script.write_text(shtab.complete(outline(["tiny", "evaluate"]), "bash"))
    assert complete(script, "ev") == ["evaluate"]
    assert complete(script, "evaluate", "--eng") == ["--engine"]
    assert complete(script, "evaluate", "--engine", "") == ["auto", "transformers", "vllm"]
    assert complete(script, "tiny", "--config", "const") == ["constraints.txt"]


@pytest.mark.slow
def test_the_whole_script(tmp_path, capsys):
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    assert set(COMMANDS) <= set(complete(script, ""))
    assert "--trainer.max_steps" in complete(script, "fit", "--trainer.max_")
    assert complete(script, "fit", "--model.init_args.adv") == [
        "--model.init_args.advantage", "--model.init_args.advantage_filter"
    ]  # fmt: skip
    assert {"GRPOModule", "SFTModule"} <= set(complete(script, "fit", "--model", ""))
