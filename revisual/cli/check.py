"""`revisual check`: a run or a pipeline, looked at without training."""

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from revisual.cli.checking.plan import check_plan, is_pipeline
from revisual.cli.checking.run import Checked, check_run
from revisual.cli.command import FunctionCommand
from revisual.cli.options import gather_groups
from revisual.cli.pipeline import COMMAND as PIPELINE
from revisual.cli.words import spell_out
from revisual.config.parser import one_line_errors
from revisual.core.errors import UserError


def check(*, rest: Sequence[str] = ()) -> int:
    """Look at a run of `fit`, or at all stages of a pipeline, without training.

    Says what will be read, trained, logged and written, and where; reads the first rows of each file, and makes the
    model without its weights. What a run takes of a GPU's memory is told by `revisual plan`. The options are those of
    `revisual fit`, or of `revisual pipeline` where the config has stages.

    Returns:
        2 where something is wrong.

    Args:
        rest: the options of `revisual fit` or `revisual pipeline`.
    """
    found = _check_pipeline(rest) if any(map(is_pipeline, _configs(rest))) else [check_run("fit", "fit", rest)]
    for one in found:
        print(f"{one.name}: {'all is well' if one.error is None else 'cannot run'}")
        print("".join(f"  {line}\n" for line in one.lines), end="", flush=True)
        if one.error is not None:
            print(f"revisual check: {one.name}: {one.error}", file=sys.stderr, flush=True)
    return 2 if any(one.error is not None for one in found) else 0


def _configs(words: Sequence[str]) -> list[Path]:
    """Return the files that `--config` names."""
    joined = [word.partition("=")[2] for word in words if word.startswith("--config=")]
    apart = [after for word, after in pairwise(words) if word == "--config"]
    found = [Path(name) for name in (*joined, *apart)]
    for path in found:
        if not path.is_file():
            raise UserError(f"--config: {path}: no such file")
    return found


def _check_pipeline(words: Sequence[str]) -> list[Checked]:
    parser = PIPELINE.parser("check")
    with one_line_errors():
        options = parser.instantiate_classes(parser.parse_args(spell_out(PIPELINE.function, words))).as_dict()
    return check_plan(gather_groups(PIPELINE.function, options)["options"].plan())


COMMAND = FunctionCommand(check)
