"""`revisual pipeline`: several stages with one command."""

from dataclasses import dataclass
from pathlib import Path

from jsonargparse.typing import Path_fr

from revisual.cli.checking.plan import require_sound
from revisual.cli.command import GOES_ON, FunctionCommand
from revisual.cli.options import Flattened
from revisual.cli.progress import TerminalProgress
from revisual.cli.tables import show_stages
from revisual.core.folders import require_claimable
from revisual.core.ranges import Seed
from revisual.pipeline.results import REPORT, add_start
from revisual.pipeline.runner import Runner
from revisual.pipeline.stages import Plan, StageConfig
from revisual.report.stages import read_stages


@dataclass(frozen=True)
class PlanOptions:
    """What is trained and measured.

    Args:
        out: folder of the run.
        stages: in their order; the first begins from `start`.
        start: folder or hub name of the policy that the first stage begins from.
        prepare: in place of `start`, a config of `revisual tiny` that makes it.
        evaluation: configs of `revisual test`, run on the start and on what every stage exports.
        shared: configs that lie under those of every stage and of the evaluation.
        launcher: words before `fit` and `test`, by default [python, -m, revisual]; `python` is the one in use.
        data: folder that the paths of data are relative to, `root` of every stage's data and of `prepare`.
        seed: of every stage.
        evaluate_while_training: measure a stage's policy while the next one trains; false where both want the same GPU.
    """

    out: Path
    stages: list[StageConfig]
    start: str | None = None
    prepare: Path_fr | None = None
    evaluation: list[Path_fr] | None = None
    shared: list[Path_fr] | None = None
    launcher: list[str] | None = None
    data: Path | None = None
    seed: Seed = 0
    evaluate_while_training: bool = True

    def plan(self) -> Plan:
        """Return the plan, with paths that hold wherever the pipeline is called from."""
        return Plan(
            self.out,
            tuple(self.stages),
            self.start,
            prepare=None if self.prepare is None else Path(self.prepare.absolute),
            evaluation=tuple(Path(path.absolute) for path in self.evaluation or ()),
            shared=tuple(Path(path.absolute) for path in self.shared or ()),
            launcher=tuple(self.launcher or ("python", "-m", "revisual")),
            data=self.data,
            seed=self.seed,
            evaluate_while_training=self.evaluate_while_training,
        )


def pipeline(*, options: Flattened[PlanOptions], check: bool = True) -> None:
    """Train stage after stage, measure before and after each, and write metrics.json and report.html.

    Called again, it goes on where it stopped. Files named in the pipeline's config are relative to it.

    Args:
        options: what is trained and measured.
        check: look at all stages before the first one trains, as `revisual check` does.
    """
    plan = options.plan()
    require_claimable(plan.out)
    if check:
        require_sound(plan)
    runner = Runner(plan, TerminalProgress())
    show_stages(read_stages(add_start(runner.run())))
    print(f"report: {plan.out / REPORT}")
    runner.check_evaluations()


COMMAND = FunctionCommand(pipeline, interrupted=GOES_ON)
