"""All stages of a pipeline, checked before the first one trains."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from revisual.cli.checking.run import Checked, check_run
from revisual.core.errors import UserError
from revisual.core.yaml_text import read_yaml
from revisual.pipeline.stages import Plan
from revisual.pipeline.state import State

Task = tuple[str, str, list[str], bool]
"""The arguments of `check_run`."""


def find_tasks(plan: Plan) -> Iterator[Task]:
    """Yield what is to be checked: stages that are not finished, and the evaluation.

    Stages after the first begin from what does not exist yet: they are checked with the policy that the first begins
    from, as far as that is there.
    """
    made = plan.out / "start" / "export"
    policy = str(made) if plan.start is None else plan.start
    is_there = plan.start is not None or (made / "config.json").is_file()
    state = State(plan.out)
    for number, stage in enumerate(plan.stages, start=1):
        folder = plan.folder(number)
        record = state[folder]
        if record is None or not record.is_finished:
            yield stage.name, "fit", plan.options(stage.paths, policy, folder), is_there
    if plan.evaluation:
        yield "evaluation", "test", plan.options(plan.evaluation, policy, plan.out / "start" / "evaluation"), is_there


def check_plan(plan: Plan) -> list[Checked]:
    """Check all stages, in a process of their own: what they import is large, and a pipeline's own process is not."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_check, find_tasks(plan)))


def require_sound(plan: Plan) -> None:
    """Check all stages before the first one trains.

    Raises:
        UserError: something is wrong with one of them.
    """
    wrong = [f"{one.name}: {one.error}" for one in check_plan(plan) if one.error is not None]
    if wrong:
        more = f" (and {len(wrong) - 1} others: `revisual check` tells them)" if wrong[1:] else ""
        raise UserError(f"nothing is trained yet; {wrong[0]}{more}")


def _check(task: Task) -> Checked:
    return check_run(*task)


def is_pipeline(path: Path) -> bool:
    """Return whether a config is a pipeline's."""
    content = read_yaml(path)
    return isinstance(content, dict) and "stages" in content
