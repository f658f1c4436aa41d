import os
import signal
import subprocess
import sys
import time

import pytest
from client.chat_server import ChatServer, says
from data_recipes.grammar.asking import number_of, numbered
from data_recipes.grammar.helpers import ids, jsonl

from revisual.client.journal import read_journal

CHILD = """
import sys
from pathlib import Path
from revisual.cli.main import main
main(["curate", "--config", sys.argv[1]])
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_asks_nothing_twice(tmp_path):
    path = jsonl(tmp_path / "data.jsonl", numbered(60))

    def answer(call):
        place = number_of(call)
        return says(rf"\boxed{{{2 * place}}}", wait=0.02)

    with ChatServer(answer) as server:
        config = tmp_path / "curate.yaml"
        config.write_text(
            f"out: {tmp_path}/out\n"
            f"sources: [{{name: text, reader: {{class_path: JSONLReader, init_args: {{path: {path}}}}}}}]\n"
            "deduplicate: null\ndecontaminate: null\ntopics: null\nbalance: null\npublish: null\n"
            "difficulty: {class_path: GradeDifficulty, init_args: {k: 4, solver: {class_path: ServerSolver, init_args: "
            f"{{model: tiny, base_url: '{server.url}', concurrency: 4}}}}}}}}\n"
        )
        child = subprocess.Popen([sys.executable, "-c", CHILD, config], stderr=subprocess.PIPE)
        while child.poll() is None and len(server.calls) < 80:
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stderr.close()
        asked = len(server.calls)
        kept = len(list(read_journal(tmp_path / "out/answers/difficulty.jsonl")))
        assert 80 <= asked < 240 and asked - 8 <= kept <= asked
        done = subprocess.run([sys.executable, "-c", CHILD, config], capture_output=True, text=True, check=True)
        assert len(server.calls) == asked + 240 - kept
    assert "collect: finished before" in done.stderr and "difficulty: 60 of 60" in done.stderr
    assert len(ids(tmp_path / "out", "difficulty")) == 60
