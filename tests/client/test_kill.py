"""kill -9 in the middle of asking: nothing is lost and nothing is asked twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

from revisual.client.journal import read_journal

from .chat_server import ChatServer, says
from .helpers import ask, question, quick

COUNT = 200
CHILD = f"""
import sys
from pathlib import Path
from revisual.client.ask import ask_all
from revisual.client.journal import Journal
from revisual.client.request import ChatRequest, Decoding
from revisual.client.server import Server

requests = [ChatRequest(f"q{{i}}", [{{"role": "user", "content": f"question {{i}}"}}]) for i in range({COUNT})]
with Journal(Path(sys.argv[2])) as journal:
    for record in ask_all(Server(sys.argv[1], "tiny", concurrency=4), Decoding(max_tokens=64), requests, journal):
        pass
"""


def test_a_killed_call_is_gone_on_with(tmp_path):
    path = tmp_path / "answers.jsonl"
    with ChatServer(lambda call: says(f"answer to {call.text}", wait=0.02)) as server:
        child = subprocess.Popen([sys.executable, "-c", CHILD, server.url, path])
        while child.poll() is None and len(server.calls) < COUNT // 3:
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        asked = len(server.calls)
        kept = {record.id for record in read_journal(path)}
        assert 4 <= asked < COUNT and asked - 2 * 4 <= len(kept) <= asked
        records = ask(quick(server.url), [question(i) for i in range(COUNT)], path)
        times = Counter(call.text for call in server.calls)
    assert {name: record.response for name, record in records.items()} == {
        f"q{i}": f"answer to question {i}" for i in range(COUNT)
    }
    assert len(times) == COUNT and len(server.calls) == asked + COUNT - len(kept)
    assert all(times[f"question {name[1:]}"] == 1 for name in kept)
    assert Counter(record.id for record in read_journal(path)) == Counter(f"q{i}" for i in range(COUNT))
