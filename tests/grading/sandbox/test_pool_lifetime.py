"""Workers end with their process, however that ends, and not before it."""

import os
import signal

import pytest

from .processes import Program, all_end, needs_proc, runs

pytestmark = needs_proc


def test_the_end_of_the_program_is_theirs():
    with Program("") as program:
        assert program.process.wait(60) == 0
        assert not any(map(runs, program.workers))
        assert program.process.stderr.read() == ""


def test_an_error_is_their_end_too():
    with Program("raise SystemExit(3)") as program:
        assert program.process.wait(60) == 3
        assert not any(map(runs, program.workers))


@pytest.mark.parametrize("work", ["loop", "power"])
def test_a_killed_program_leaves_no_worker_even_a_busy_one(work):
    code = f"""
threading.Thread(target=pool.run, args=([["{work}", 0]],)).start()
time.sleep(0.2)
say("busy")
time.sleep(60)
"""
    with Program(code) as program:
        assert len(program.workers) == 2 and all(map(runs, program.workers))
        assert program.line() == "busy"
        program.process.kill()
        assert all_end(program.workers)


def test_ctrl_c_in_a_terminal_is_not_for_them():
    code = """
try:
    say("waiting")
    time.sleep(60)
except KeyboardInterrupt:
    pass
say(pid_of_worker(pool))
sys.stdin.readline()
"""
    with Program(code) as program:
        assert program.line() == "waiting"
        os.killpg(program.process.pid, signal.SIGINT)
        assert int(program.line()) in program.workers and all(map(runs, program.workers))
        program.say()
        assert program.process.wait(60) == 0
        assert program.process.stderr.read() == ""


def test_a_forked_child_starts_workers_of_its_own():
    code = """
before = pid_of_worker(pool)
child = os.fork()
if child == 0:
    say("child", pid_of_worker(shared_pool(pool.settings)))
    from revisual.grading.sandbox.pool import close_pools
    close_pools()
    os._exit(0)
os.waitpid(child, 0)
say("parent", before, pid_of_worker(pool))
"""
    with Program(code) as program:
        name, own = program.line().split()
        assert name == "child" and int(own) not in program.workers
        name, before, after = program.line().split()
        assert name == "parent" and before == after and int(before) in program.workers
        assert program.process.wait(60) == 0 and all_end(program.workers)


def test_a_forked_child_does_not_keep_them_alive():
    code = """
if os.fork() == 0:
    sys.stdin.readline()
    os._exit(0)
say(os.getpid())
time.sleep(60)
"""
    with Program(code) as program:
        program.line()
        program.process.kill()
        assert all_end(program.workers)
        program.say()  # only now the child ends
