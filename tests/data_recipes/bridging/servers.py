"""Questions about pictures, and two servers of which one sees them and one thinks."""

import json
import re

import yaml
from client.chat_server import ChatServer, says
from PIL import Image

from revisual.cli.main import main
from revisual.client.budget import Budget
from revisual.client.request import Decoding
from revisual.client.retries import Retries
from revisual.client.server import Server
from revisual.data_recipes.bridging.bridge import Bridge
from revisual.data_recipes.bridging.endpoint import Endpoint
from revisual.data_recipes.bridging.prompts import PromptFiles
from revisual.data_recipes.bridging.recipe import Recipe

THOUGHTS = "We look for the number of things, and so we count them one by one, from left to right. That is {} of them."


def write_questions(folder, count, **columns):
    """Question i is about i + 1 things, on a picture of its own."""
    folder.mkdir(exist_ok=True)
    rows = []
    for i in range(count):
        Image.new("RGB", (20 + i, 20), "red").save(folder / f"{i}.png")
        row = {"id": f"q{i}", "question": f"How many things, {i}?", "answer": str(i + 1), "images": [f"{i}.png"]}
        rows.append({columns.get(name, name): value for name, value in row.items()})
    (folder / "questions.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder


def number(call):
    return int(re.search(r"How many things, (\d+)\?", call.text)[1])


def step(call):
    starts = {"Answer a question about an image.\n\nFirst": "pseudo_cot", "Describe": "description"}
    starts |= {"Answer a question about an image. What": "reasoning", "The reasoning below": "rewriting"}
    return next(name for start, name in starts.items() if call.text.startswith(start))


def sees(call):
    words = {"pseudo_cot": f"I count {number(call) + 1}.", "description": f"There are {number(call) + 1} things."}
    return says(words[step(call)])


def thinks(call):
    n = number(call) + 1
    if step(call) == "rewriting":
        return says(THOUGHTS.format(n))
    return says(f"<think>The description says so. {THOUGHTS.format(n)}</think>It is \\boxed{{{n}}}.")


class Servers:
    """For use in `with`."""

    def __init__(self, vlm=sees, reasoner=thinks):
        self.vlm, self.reasoner = ChatServer(vlm), ChatServer(reasoner)

    def __enter__(self):
        self.vlm.__enter__()
        self.reasoner.__enter__()
        return self

    def __exit__(self, *_):
        self.vlm.__exit__()
        self.reasoner.__exit__()

    @property
    def calls(self):
        return [*self.vlm.calls, *self.reasoner.calls]


def config_of(servers, folder, out, **settings):
    """A config file for `revisual bridge`."""
    retries = {"attempts": 3, "first_delay": 0.01}
    endpoints = {
        name: {"server": {"base_url": server.url, "model": name, "concurrency": 4, "retries": retries}}
        for name, server in (("vlm", servers.vlm), ("reasoner", servers.reasoner))
    }
    reader = {"class_path": "JSONLReader", "init_args": {"path": "questions.jsonl", "source": "things"}}
    config = {"data": [reader], "root": str(folder), "out": str(out), **endpoints, **settings}
    path = folder / "bridge.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def run(servers, folder, out, *options, **settings):
    return main(["bridge", f"--config={config_of(servers, folder, out, **settings)}", *options])


def bridge(servers, out, budget=None, prompts=PromptFiles(), **options):  # noqa: B008
    """As the command makes it."""
    options = {"timeout_seconds": 20.0, "retries": Retries(attempts=3, first_delay=0.01), "concurrency": 4} | options
    endpoints = [
        Endpoint(Server(server.url, name, **options), Decoding(max_tokens=64))
        for name, server in (("vlm", servers.vlm), ("reasoner", servers.reasoner))
    ]
    return Bridge(*endpoints, Recipe(prompts.read()), out, budget or Budget())


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]
