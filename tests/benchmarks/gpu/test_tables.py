"""The table of a result."""

import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).parents[3] / "benchmarks/gpu"


@pytest.fixture
def markdown(monkeypatch):
    monkeypatch.syspath_prepend(SUITE)
    import tables

    return tables.markdown


def part(*rows, status="finished"):
    return {"status": status, "rows": list(rows), "seconds": 1.0}


def test_a_table_has_a_column_for_each_number(markdown):
    machine = {"what": "machine", "gpu": "NVIDIA H200", "torch": "2.11.0"}
    rows = {"what": "a", "ms": 1.5}, {"what": "b | c", "tokens": 12345, "error": 3.21e-7}
    grpo = part({"what": "medians", "seconds": 2.0, "peak_gb": 20.0})
    trl = part({"what": "medians", "seconds": 7.0, "peak_gb": 70.0})
    parts = {"machine": part(machine), "kernels": part(*rows, status="stopped: late"), "grpo": grpo, "trl": trl}
    lines = markdown({"commit": "a" * 40, "seed": 0, "parts": parts}).splitlines()
    assert lines[0] == "Measured on NVIDIA H200; torch 2.11.0; commit aaaaaaaaaaaa, seed 0."
    start = lines.index("### kernels")
    assert lines[start + 2 : start + 8] == [
        "Stopped: late.", "", "|  | ms | tokens | error |", "| --- | --- | --- | --- |", "| a | 1.5 |  |  |",
        "| b / c |  | 12,345 | 3.21e-07 |",
    ]  # fmt: skip
    assert lines[-1] == "A GRPO step takes 2 s, TRL's 7 s: 3.50 times as long; it holds 20.0 GB, TRL's 70.0 GB."


def test_kernels_of_a_profile_have_a_table_of_their_own(markdown):
    row = {"what": "a pass", "device_ms": 3.0, "dearest": [["void gemm<a|b>", 2.0, 4]]}
    text = markdown({"commit": "abc", "seed": 0, "parts": {"machine": part(), "profile": part(row)}})
    assert "a CPU, with a tiny policy: a dry run" in text and "Nothing was measured." in text
    assert "Of a pass:\n\n|  | ms | calls |\n| --- | --- | --- |\n| `void gemm<a/b>` | 2 | 4 |" in text
    assert str(SUITE) in sys.path
