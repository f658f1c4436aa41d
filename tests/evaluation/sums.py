"""A benchmark of sums, its data, and a server that knows some of them."""

import json
import re

from client.chat_server import ChatServer, Response, says
from PIL import Image

from revisual.evaluation.benchmarks.table import TableBenchmark

COUNT = 12
SETTINGS = {"name": "sums", "jsonl": "sums.jsonl", "fields": ["level"]}
SUMS = TableBenchmark(**SETTINGS)
CUSTOM = json.dumps([{"class_path": "TableBenchmark", "init_args": SETTINGS}])


def write_sums(folder, count=COUNT):
    """Sum i is i + 1; every third one has a picture."""
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (40, 30), "red").save(folder / "red.png")
    rows = [
        {
            "id": f"s{i}",
            "question": f"What is {i} + 1? <b>",
            "answer": str(i + 1),
            "images": ["red.png"] if i % 3 == 0 else [],
            "level": i % 2,
        }
        for i in range(count)
    ]
    (folder / "sums.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder


def number(call):
    return int(re.search(r"What is (\d+) \+ 1", call.text)[1])


def half_right(call):
    """Right on even sums, cut on 3, failing on 5, silent about 7, wrong on the others."""
    i = number(call)
    if i == 5:
        return Response(400, b"too long")
    if i == 3:
        return says("<think>Let me see", "length")
    if i == 7:
        return says(
            "I would rather not say, since there is so much that could be said about sums and their pitfalls. " * 2
        )
    return says(f"<think>{i} & 1</think>It is \\boxed{{{i + 1 if i % 2 == 0 else 0}}}.")


def half_right_server():
    return ChatServer(half_right)
