"""The suite for a GPU, run on the CPU with a tiny policy: every part reports numbers that make sense."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = ROOT / "benchmarks/gpu/run.py"


def rows(result, part):
    return {row["what"]: row for row in result["parts"][part]["rows"]}


def steps(result, part):
    return [row for what, row in rows(result, part).items() if what.startswith("optimizer step")]


def every_part_ends_and_says_something(result):
    files = {path.stem for path in (COMMAND.parent / "parts").glob("*.py")} - {"__init__"}
    assert set(result["parts"]) == files and next(iter(result["parts"])) == "machine"
    assert {part: found["status"] for part, found in result["parts"].items()} == dict.fromkeys(files, "finished")
    assert all(found["rows"] for found in result["parts"].values())
    assert not [row for found in result["parts"].values() for row in found["rows"] if "failed" in row]
    assert (
        result["dry"] is True and result["seed"] == 0 and (result["commit"] == "unknown" or len(result["commit"]) == 40)
    )
    assert result["parts"]["machine"]["rows"][0]["matmul_tflops"] > 0


def kernels_are_near_float32(result):
    found = rows(result, "kernels")
    assert len(found) == 6
    for what, row in found.items():
        errors = [value for name, value in row.items() if name.startswith("error")]
        assert len(errors) == 4 and max(errors) < (1e-5 if "float32" in what else 1e-2), row
        assert row["ms"] > 0 and row["tflops"] > 0


def packed_rows_agree_with_padded_ones(result):
    found = rows(result, "agreement")
    for name in ("packed", "padded"):
        exact, half = found[f"{name}, float32"], found[f"{name}, bfloat16"]
        assert exact["largest_gap_nats"] < 1e-5 and exact["gradient_error"] < 1e-5
        assert exact["worst_gradient_error"] < 1e-4
        assert 1e-4 < half["largest_gap_nats"] < 0.1 and 1e-4 < half["gradient_error"] < 0.05
    assert found["packed beside padded, bfloat16"]["gradient_error"] < 0.05


def run_takes_steps(result, part, number, tokens):
    taken, medians, plan = steps(result, part), rows(result, part)["medians"], rows(result, part)["plan"]
    assert len(taken) == number
    for row in taken:
        assert row["tokens"] == tokens and math.isfinite(row["loss"])
        assert row["tokens_per_second"] * row["update_seconds"] == pytest.approx(tokens, rel=2e-3)
        assert row["update_seconds"] + row.get("rollout_seconds", 0.0) <= row["seconds"] * 1.001
    assert medians["tokens"] == tokens and min(r["mfu"] for r in taken) <= medians["mfu"] <= max(
        r["mfu"] for r in taken
    )
    operations = [row["mfu"] * row["update_seconds"] for row in taken]
    assert operations == pytest.approx([operations[0]] * number, rel=2e-3) and operations[0] > 0
    parameters = 145_000  # at least
    assert plan["planned_gb"] * 1e9 > 16 * parameters and plan["planned_gb"] == max(
        value for name, value in plan.items() if name.endswith("_gb")
    )


def an_untrained_policy_guesses(result):
    losses = [row["loss"] for row in steps(result, "sft")]
    assert losses[0] == pytest.approx(math.log(400), abs=0.5) and losses == sorted(losses, reverse=True)


def head_is_exact(result):
    for row in rows(result, "head").values():
        assert max(value for name, value in row.items() if name.startswith("error")) < 1e-5 and row["ms"] > 0


def tower_sees_the_pictures(result):
    (row,) = rows(result, "tower").values()
    assert row["patches"] == 4 * (56 // 14) ** 2
    assert row["patches_per_second"] * row["ms"] / 1e3 == pytest.approx(row["patches"], rel=2e-3)


def decoding_says_what_the_trainer_says(result):
    (row,) = rows(result, "decoding").values()
    assert row["tokens_per_second"] * row["seconds"] == pytest.approx(2 * 2 * 8, rel=2e-3)
    assert 0 <= row["logprob_gap_mean"] <= row["logprob_gap"] < 1e-4
    assert rows(result, "grpo")["optimizer step 1"]["logprob_gap_mean"] < 1e-4


def trl_is_measured_or_left_out_in_a_line(result):
    found = rows(result, "trl")
    assert "skipped: trl is not installed" in found or len(steps(result, "trl")) == 3


def profiles_name_the_dearest(result):
    for row in rows(result, "profile").values():
        times = [ms for _, ms, _ in row["dearest"]]
        assert len(times) == 10 and times == sorted(times, reverse=True) and sum(times) <= row["device_ms"] * 1.001


CHECKS = (
    every_part_ends_and_says_something,
    kernels_are_near_float32,
    packed_rows_agree_with_padded_ones,
    an_untrained_policy_guesses,
    head_is_exact,
    tower_sees_the_pictures,
    decoding_says_what_the_trainer_says,
    trl_is_measured_or_left_out_in_a_line,
    profiles_name_the_dearest,
)


def test_a_dry_run_reports_numbers_that_make_sense(tmp_path):
    """One test for all parts, so that they are run once."""
    out = tmp_path / "gpu.json"
    command = [sys.executable, COMMAND, "--dry", "--minutes", "10", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    result = json.loads(out.read_text())
    for check in CHECKS:
        check(result)
    # SFT: two rows of 75 tokens, the last of which are not read. GRPO: groups of two behind one prompt.
    for part, number, tokens in (("sft", 3, 148), ("update", 4, 61), ("grpo", 3, 112)):
        run_takes_steps(result, part, number, tokens)
    shown = subprocess.run([sys.executable, COMMAND, "--table", out], capture_output=True, text=True, check=True)
    heading, *lines = shown.stdout.splitlines()
    assert "a CPU, with a tiny policy: a dry run" in heading
    assert [line.removeprefix("### ") for line in lines if line.startswith("#")] == list(result["parts"])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--wheels", "nowhere"], "--wheels nowhere: there are no wheels; wheels.txt says how to fetch them"),
        (["--table", "nothing.json"], "--table nothing.json: there is no such file"),
        (["--parts", "kernel"], "invalid choice: 'kernel'"),
    ],
)
def test_bad_options_are_one_line(words, line):
    done = subprocess.run([sys.executable, COMMAND, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and line in done.stderr.splitlines()[-1]


def test_wheels_are_of_the_versions_that_were_tested():
    def pins(path):
        return {line for line in (ROOT / path).read_text().splitlines() if line and not line.startswith("#")}

    tested = pins("constraints.txt") | pins("benchmarks/speed/trl-requirements.txt")
    wheels = pins("benchmarks/gpu/wheels.txt")
    assert wheels and wheels <= tested
