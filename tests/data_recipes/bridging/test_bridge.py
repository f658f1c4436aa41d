"""Servers that misbehave, killed calls, Ctrl-C and a full disk: nothing is lost and nothing is asked twice."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from client.chat_server import Response, says, streams

from data_recipes.bridging.servers import (
    Servers,
    bridge,
    config_of,
    lines,
    number,
    run,
    sees,
    step,
    thinks,
    write_questions,
)
from revisual.client.journal import read_journal
from revisual.core.folders import MARK
from revisual.data.readers import JSONLReader

COUNT = 40
TROUBLE = [
    Response(429, b"slow down", {"Retry-After": "0.05"}),
    Response(500, b"<html>oh no</html>"),
    Response(body=b'{"choices": [{"mess'),
    Response(body=b"[1, 2]"),
    says("It is 42.", cut=30),
    Response(body=b'{"choices": []}'),
    Response(body=b'{"choices": [{"message": {"content": ""}}]}'),
]


def troubled(call, answer):
    """Each kind of trouble at the first attempt, for one sample after the other."""
    return [TROUBLE[number(call) % len(TROUBLE)], answer]


def replies(out):
    """By request, how often each journal holds its answer."""
    records = [record for name in ("vlm", "reasoner") for record in read_journal(out / f"answers/{name}.jsonl")]
    return Counter(record.id for record in records if not record.is_failed)


@pytest.fixture
def data(tmp_path):
    return write_questions(tmp_path / "data", COUNT)


def test_trouble_passes(data, tmp_path):
    out = tmp_path / "out"
    with Servers(lambda call: troubled(call, sees(call)), lambda call: troubled(call, thinks(call))) as servers:
        assert run(servers, data, out) == 0
    assert len(servers.calls) == 2 * 3 * COUNT
    assert [sample["id"] for sample in lines(out / "samples.jsonl")] == [f"things/q{i}" for i in range(COUNT)]
    assert set(replies(out).values()) == {1} and len(replies(out)) == 3 * COUNT


def test_half_streams(data, tmp_path):
    whole = {i: thinks_of(i) for i in range(6)}

    def think(call):
        text = whole[number(call)]
        half = streams(text)
        return [Response(body=half.body[:150], headers=half.headers), streams(text)]

    out = tmp_path / "out"
    with Servers(reasoner=think) as servers:
        assert run(servers, data, out, "--reasoner.server.stream=true", "--limit=6") == 0
    assert len(servers.reasoner.calls) == 12 and len(lines(out / "samples.jsonl")) == 6


def thinks_of(i):
    thoughts = "We count the things one by one, from left to right, and see that there are so many of them as we say. "
    return f"<think>{thoughts * 2}</think>It is \\boxed{{{i + 1}}}."


@pytest.mark.parametrize("kind", range(len(TROUBLE) - 1))
def test_trouble_that_stays_fails_one_sample_alone(data, tmp_path, kind):
    """And the next call asks for it, and for what follows from it, alone."""
    out = tmp_path / "out"

    def see(call):
        return TROUBLE[kind] if number(call) == 3 and step(call) == "description" else sees(call)

    with Servers(see) as servers:
        assert run(servers, data, out, "--limit=6") == 0
        asked = len(servers.calls)
        assert asked == 6 + (5 + 3) + 5  # three attempts at one of them
        (failed,) = lines(out / "dropped.jsonl")
        assert failed["id"] == "things/q3" and failed["by"] == "description" and failed["failed"]
        assert len(lines(out / "samples.jsonl")) == 5
        servers.vlm.answer = sees
        assert run(servers, data, out, "--limit=6") == 0
        assert len(servers.calls) == asked + 2 and len(lines(out / "samples.jsonl")) == 6


def test_a_server_of_nonsense_ends_it_in_one_line(data, tmp_path, capsys):
    """The first so many failures end it; the other server's answers are kept."""
    out = tmp_path / "out"
    with Servers(reasoner=lambda call: Response(body=b"<html>It works!</html>")) as servers:
        assert run(servers, data, out) == 2
        (*_, line) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"revisual bridge: {servers.reasoner.url}: the first") and "no JSON" in line
        kept = replies(out)
        assert kept and {name.rpartition("/")[2] for name in kept} <= {"pseudo_cot", "description"}
        servers.reasoner.answer = thinks
        assert run(servers, data, out) == 0
        assert len(servers.vlm.calls) == 2 * COUNT and set(replies(out).values()) == {1}


def test_a_server_that_fails_on_a_few_samples(data, tmp_path, capsys):
    with Servers(lambda call: Response(404, b"no such model")) as servers:
        assert run(servers, data, tmp_path / "out", "--limit=3") == 2
    (*_, line) = capsys.readouterr().err.splitlines()
    assert "all 3 requests failed; the last: HTTP 404: no such model" in line


def test_a_model_of_nonsense(data, tmp_path, capsys):
    """Answers that are none: each is dropped, and that nothing is left is told."""
    out = tmp_path / "out"
    with Servers(reasoner=lambda call: says("Colourless green ideas sleep furiously.")) as servers:
        assert run(servers, data, out, "--limit=5") == 2
    assert f"none of the 5 samples came through; {out} says why" in capsys.readouterr().err
    assert {line["by"] for line in lines(out / "dropped.jsonl")} == {"RightAnswer"}


def test_a_broken_picture_and_a_bad_row(data, tmp_path, capsys):
    """One picture that is none costs one sample; a row that cannot be read ends it after those before it."""
    (data / "2.png").write_bytes(b"no picture")
    rows = (data / "questions.jsonl").read_text().splitlines()
    (data / "questions.jsonl").write_text("\n".join([*rows[:5], '{"id": "q5", "quest', *rows[6:]]))
    out = tmp_path / "out"
    with Servers() as servers:
        assert run(servers, data, out) == 2
    (*_, line) = capsys.readouterr().err.splitlines()
    assert "questions.jsonl, line 6: broken JSON" in line
    assert [sample["id"] for sample in lines(out / "samples.jsonl")] == [f"things/q{i}" for i in (0, 1, 3, 4)]
    (dropped,) = lines(out / "dropped.jsonl")
    assert dropped["id"] == "things/q2" and "2.png is not a picture" in dropped["reason"]


def slow(answer, seconds=0.03):
    def respond(call):
        response = answer(call)
        return Response(response.status, response.body, response.headers, wait=seconds)

    return respond


def start(servers, data, out, **options):
    command = [sys.executable, "-m", "revisual", "bridge", f"--config={config_of(servers, data, out)}"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, **options)


def wait_for(servers, count, child):
    while child.poll() is None and len(servers.calls) < count:
        time.sleep(0.005)
    assert child.poll() is None


def test_a_killed_call_is_gone_on_with(data, tmp_path):
    out = tmp_path / "out"
    with Servers(slow(sees), slow(thinks)) as servers:
        child = start(servers, data, out)
        wait_for(servers, COUNT, child)
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        asked, kept = Counter(call.text for call in servers.calls), replies(out)
        assert len(list(out.glob(".*.part"))) == 2
        assert asked.total() - 8 <= kept.total() <= asked.total() < 3 * COUNT  # 4 at once for each server
        assert run(servers, data, out) == 0
        times = Counter(call.text for call in servers.calls)
    assert len(times) == 3 * COUNT and times.total() == asked.total() + 3 * COUNT - kept.total()
    assert set(replies(out).values()) == {1} and len(replies(out)) == 3 * COUNT
    assert not list(out.glob("pictures/.*")) and [path.name for path in out.glob(".*")] == [MARK]
    straight = tmp_path / "straight"
    with Servers() as servers:
        run(servers, data, straight)
    assert (out / "samples.jsonl").read_text() == (straight / "samples.jsonl").read_text()


def test_ctrl_c_waits_for_what_is_on_its_way(data, tmp_path):
    """All that was asked is kept, and what was finished is written."""
    out = tmp_path / "out"
    with Servers(slow(sees, 0.1), slow(thinks, 0.1)) as servers:
        child = start(servers, data, out)
        wait_for(servers, COUNT, child)
        child.send_signal(signal.SIGINT)
        error = child.communicate(timeout=300)[1]
        asked = len(servers.calls)
        assert child.returncode == 128 + signal.SIGINT
        assert error.splitlines()[-1].endswith("interrupted; the same command goes on from here")
        assert replies(out).total() == asked < 3 * COUNT
        assert len(lines(out / "samples.jsonl")) == replies_of(out, "reasoning") > 0
        assert run(servers, data, out) == 0
        assert len(servers.calls) == 3 * COUNT


def replies_of(out, name):
    return sum(id.endswith(f"/{name}") for id in replies(out))


def test_a_second_ctrl_c_ends_it_at_once(data, tmp_path):
    out = tmp_path / "out"
    with Servers(slow(sees, 1000.0)) as servers:
        child = start(servers, data, out)
        wait_for(servers, 4, child)
        for expected in ("waits for replies", "interrupted"):
            child.send_signal(signal.SIGINT)
            while expected not in (line := child.stderr.readline()):
                assert line or child.poll() is None
        assert child.wait(300) == 128 + signal.SIGINT


def test_two_calls_at_once_are_refused(data, tmp_path, capsys):
    """And the first does not notice."""
    out, refused = tmp_path / "out", threading.Event()

    def held(answer):
        def respond(call):
            assert len(servers.calls) <= COUNT or refused.wait(300)
            return answer(call)

        return respond

    with Servers(held(sees), held(thinks)) as servers:
        child = start(servers, data, out)
        wait_for(servers, COUNT, child)
        assert run(servers, data, out) == 2
        refused.set()
        assert "another process is writing it" in capsys.readouterr().err
        assert child.wait(300) == 0
        child.stderr.close()
    assert len(lines(out / "samples.jsonl")) == COUNT and len(servers.calls) == 3 * COUNT


LIMIT = 40_000


def test_a_full_disk(data, tmp_path):
    """Files that may not grow any further stand for it."""
    out = tmp_path / "out"
    with Servers() as servers:
        child = start(servers, data, out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)))
        error = child.communicate(timeout=300)[1]
        assert child.returncode == 2, error
        (*_, line) = error.splitlines()
        assert "cannot be written: File too large" in line and "Traceback" not in error
        kept = replies(out)
        assert kept.total() > 0
        assert run(servers, data, out) == 0
        assert len(lines(out / "samples.jsonl")) == COUNT and set(replies(out).values()) == {1}
    assert json.loads((out / "summary.json").read_text())["counts"]["kept"] == COUNT


def test_trouble_is_told(tmp_path):
    data = write_questions(tmp_path / "data", 3)
    with Servers(lambda call: troubled(call, sees(call))) as servers:
        made = bridge(servers, tmp_path / "out")
        assert made.trouble == ""
        assert all(outcome.is_kept for outcome in made.outcomes(JSONLReader(data / "questions.jsonl")()))
    assert made.trouble.startswith("vlm: 6 retried, ") and "reasoner" not in made.trouble
    assert made.traffic[1].sent == 3


def test_outcomes_are_those_of_the_samples_in_their_order(tmp_path):
    """However long each takes."""
    data = write_questions(tmp_path / "data", 12)
    with Servers(lambda call: slow(sees, 0.05 if number(call) % 3 == 0 else 0.0)(call)) as servers:
        outcomes = list(bridge(servers, tmp_path / "out").outcomes(JSONLReader(data / "questions.jsonl")()))
    assert [outcome.item.number for outcome in outcomes] == list(range(12))
    assert max(servers.vlm.most_at_once, servers.reasoner.most_at_once) <= 4
