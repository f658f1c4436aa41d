"""A pool whose workers do what workers must not do."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from revisual.core.errors import UserError
from revisual.grading.sandbox.pool import CHUNK, CHUNK_BYTES, Pool, chunks, close_pools, shared_pool
from revisual.grading.sandbox.worker_process import PoolSettings

from .processes import all_end, children, needs_proc, runs

MODULE = "grading.sandbox.misbehaving"
DEADLINE = 0.5


def settings(**options):
    return PoolSettings(MODULE, **({"deadline_seconds": DEADLINE} | options))


@pytest.fixture(scope="module")
def pool():
    """One worker, and the spare one."""
    pool = Pool(settings())
    pool.warm_up()
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def pair():
    """Two workers, and the spare one."""
    pool = Pool(settings(workers=2, deadline_seconds=5.0))
    pool.warm_up()
    yield pool
    pool.close()


def values(outcomes):
    assert [outcome.error for outcome in outcomes] == [None] * len(outcomes)
    return [outcome.value for outcome in outcomes]


def errors(pool, *requests):
    return [outcome.error for outcome in pool.run(requests)]


@pytest.mark.parametrize("value", [None, 1.5, "a\nb\r\u2028c\x00", "\ud800", ["é", {"a": [1]}], "x" * 3_000_000])
def test_what_goes_in_comes_out(pool, value):
    assert values(pool.run([["echo", value]])) == [value]


def test_many_requests_keep_their_order(pool, pair):
    requests = [["echo", number] for number in range(1000)]
    assert values(pool.run(requests)) == values(pair.run(requests)) == list(range(1000))
    assert pool.run([]) == []


def test_long_requests_travel_alone():
    long, short = b"1" * CHUNK_BYTES, b"1"
    assert [len(part) for part in chunks([short] * (CHUNK + 1))] == [CHUNK, 1]
    assert [len(part) for part in chunks([short, long, long, short])] == [1, 1, 1, 1]
    assert list(chunks([])) == []


@pytest.mark.parametrize(("what", "least"), [("loop", DEADLINE), ("power", DEADLINE), ("sleep", 4 * DEADLINE)])
def test_a_deadline_holds(pool, what, least):
    """In CPU time, which a sleeper does not take: for it the clock counts, four times as long."""
    began = time.monotonic()
    (outcome,) = pool.run([[what, 60]])
    assert (outcome.value, outcome.error) == (None, "timeout")
    assert 0.9 * least <= outcome.seconds <= time.monotonic() - began < 20 * DEADLINE


def test_time_that_others_take_does_not_count(pool):
    assert values(pool.run([["sleep", 1.5 * DEADLINE]])) == ["slept"]


def test_each_request_has_its_own_deadline(pool):
    outcomes = pool.run([["sleep", 0.2]] * 8)
    assert values(outcomes) == ["slept"] * 8
    assert sum(outcome.seconds for outcome in outcomes) > DEADLINE


def test_memory_has_a_limit():
    pool = Pool(settings(memory_mb=64, deadline_seconds=10.0))
    try:
        assert errors(pool, ["take_memory", 200], ["take_memory", 16], ["take_memory", 10**9]) == [
            "memory", None, "memory",
        ]  # fmt: skip
    finally:
        pool.close()


@pytest.mark.parametrize("what", ["crash", "leave", "fail", "recurse"])
def test_a_crash_is_an_outcome(pool, what):
    assert errors(pool, [what, 7], ["echo", 1]) == ["crashed", None]


def test_others_of_a_chunk_are_answered_whatever_befalls_one(pool):
    bad = {3: ["loop", 0], 4: ["crash", 0], 9: ["leave", 1], 20: ["fail", ""], 21: ["take_memory", 10**9]}
    outcomes = pool.run([bad.get(number, ["echo", number]) for number in range(30)])
    expected = {3: "timeout", 4: "crashed", 9: "crashed", 20: "crashed", 21: "memory"}
    assert {number: outcome.error for number, outcome in enumerate(outcomes) if outcome.error} == expected
    assert all(outcome.value == number for number, outcome in enumerate(outcomes) if number not in bad)


def test_the_spare_worker_takes_over(pool):
    pool.warm_up()
    before = values(pool.run([["process", None]]))[0]["pid"]
    spare = {worker._process.pid for worker in pool._workers} - {before}
    assert errors(pool, ["leave", 0]) == ["crashed"]
    after = values(pool.run([["process", None]]))[0]["pid"]
    assert {after} == spare
    assert len(pool._workers) == 2 and not runs(before)


def test_prints_are_no_replies(pool, capfd):
    assert values(pool.run([["shout", 1], ["echo", 2]])) == [1, 2]
    assert capfd.readouterr() == ("", "")


def test_no_file_is_written(pool, tmp_path):
    assert values(pool.run([["write", str(tmp_path / "file")]])) == ["OSError"]
    assert not (tmp_path / "file").exists() or (tmp_path / "file").stat().st_size == 0


@needs_proc
def test_a_worker_is_alone_in_its_process(monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_API_KEY", "secret")
    held = (tmp_path / "held").open("w")
    os.set_inheritable(held.fileno(), True)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        pool = Pool(settings())
        pool.warm_up()
        (process,) = values(pool.run([["process", None]]))
        pool.close()
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        held.close()
    assert not {"torch", "numpy", "lightning", "pytest", "multiprocessing"} & set(process["modules"])
    assert "SOME_API_KEY" not in process["environment"] and "PATH" in process["environment"]
    assert set(process["files"]) == {"/dev/null", "pipe"}
    assert process["session"] == process["pid"] and process["blocked"] == [] and process["terminates"]


def test_several_threads_at_once(pool, pair):
    for one in (pool, pair):
        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(one.run, [["echo", [n, k]] for k in range(20)]) for n in range(8)]
        assert [values(each.result()) for each in asked] == [[[n, k] for k in range(20)] for n in range(8)]


def test_two_workers_work_at_the_same_time(pair, tmp_path):
    """Each waits until the other is there, too."""
    places = [str(tmp_path / "one"), str(tmp_path / "other")]
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(pair.run, [["meet", way]]) for way in (places, places[::-1])]
        assert [values(each.result()) for each in asked] == [["met"], ["met"]]
    pids = {outcome["pid"] for outcome in values(pair.run([["process", None]] * 40))}
    assert 1 <= len(pids) <= 2


@needs_proc
def test_a_worker_that_was_killed_while_idle_costs_no_request(pool):
    pool.warm_up()
    for worker in list(pool._workers):
        os.kill(worker._process.pid, signal.SIGKILL)
    assert all_end({worker._process.pid for worker in pool._workers})
    assert values(pool.run([["echo", 1]])) == [1]


def test_an_interruption_leaves_no_stale_reply(pool):
    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            pool.run([["sleep", 0.5], ["echo", "stale"]])
    finally:
        signal.signal(signal.SIGALRM, before)
    assert values(pool.run([["echo", "fresh"]])) == ["fresh"]


def test_a_module_that_cannot_be_imported_is_said_in_one_line():
    pool = Pool(PoolSettings("rewards.no_such_module"))
    try:
        with pytest.raises(UserError, match=r"rewards\.no_such_module do not start: ModuleNotFoundError") as caught:
            pool.run([["echo", 1]])
        assert "\n" not in str(caught.value)
    finally:
        pool.close()


@needs_proc
def test_equal_settings_share_a_pool_and_nothing_is_left_of_it():
    before = children()
    pool = shared_pool(settings(workers=2))
    assert shared_pool(settings(workers=2)) is pool is not shared_pool(settings())
    assert len(children() - before) == 3 + 2
    assert errors(pool, ["loop", 0], ["echo", 1]) == ["timeout", None]
    assert len(children() - before) == 3 + 2
    close_pools()
    assert children() <= before  # no zombie either
    assert values(shared_pool(settings()).run([["echo", 1]])) == [1]
    close_pools()


def test_a_closed_pool_says_so():
    pool = Pool(settings())
    pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        pool.run([["echo", 1]])
