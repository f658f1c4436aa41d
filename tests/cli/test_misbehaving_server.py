"""`revisual evaluate` against a server that does all that servers do wrong, from the command line to the figures."""

import json

from client.chat_server import ChatServer, Response, says, streams
from evaluation.sums import COUNT, CUSTOM, number, write_sums

from revisual.cli.main import main
from revisual.evaluation.answers import read_answers

SECRET = "sk-of-the-server"


def trouble(i, elsewhere):
    """What the first attempt at sum i gets; the redirect is for ever."""
    half = streams(f"It is \\boxed{{{i + 1}}}.")
    return {
        0: Response(429, b"slow down", {"Retry-After": "0.05"}),
        1: Response(500, b"<html>oh no</html>"),
        2: Response(body=b'{"choices": [{"mess'),
        3: Response(body=half.body[:90], headers=half.headers),
        4: Response(body=half.body, headers=half.headers, cut=90),
        5: Response(body=b'{"choices": []}'),
        6: says(""),
        7: says("too late", wait=60.0),
        8: Response(307, headers={"Location": f"{elsewhere}/chat/completions"}),
    }.get(i)


def test_every_kind_of_trouble_ends_well(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"

    with ChatServer(lambda call: says("stolen")) as thief:

        def answer(call):
            i = number(call)
            first, good = trouble(i, thief.url), streams(f"It is \\boxed{{{i + 1}}}.")
            return first if i == 8 else [first, good] if first else good

        with ChatServer(answer) as server:
            words = ["evaluate", "--model=tiny", f"--base_url={server.url}", f"--custom={CUSTOM}", f"--data={data}"]
            words += [f"--out={out}", "--timeout=4", "--stream=true"]
            assert main(words) == 0
            asked = len(server.calls)
            assert main(words) == 0
            assert len(server.calls) == asked + 1 and number(server.calls[-1]) == 8  # only what failed is asked again
        assert not thief.calls
    assert asked == COUNT + 8
    answers = {one.item_id: one for one in read_answers(out / "results.jsonl")}
    assert {name for name, one in answers.items() if one.score == 1.0} == {f"s{i}" for i in range(COUNT) if i != 8}
    assert answers["s8"].is_failed and "redirect" in answers["s8"].error
    found = json.loads((out / "metrics.json").read_text())["benchmarks"]["sums"]
    assert (found["headline"]["value"], found["headline"]["n"], found["counts"]["failed"]) == (1.0, COUNT - 1, 1)
    shown = capsys.readouterr()
    assert "1 failed" in shown.out and SECRET not in shown.out + shown.err
    assert not any(SECRET.encode() in path.read_bytes() for path in out.rglob("*") if path.is_file())
