"""What a pipeline is to do."""

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonargparse.typing import Path_fr

from revisual.core.errors import UserError
from revisual.core.manifest import hashes
from revisual.core.yaml_text import read_yaml

HUB_NAME = r"\w[\w.-]*/[\w.-]+"


@dataclass(frozen=True)
class StageConfig:
    """A stage: a run of `revisual fit`.

    Args:
        name: of the stage, and of its folder after a number.
        config: configs of `revisual fit`, later ones over earlier ones.
        launcher: in place of the pipeline's, e.g. [torchrun, --nproc-per-node=8, -m, revisual].
    """

    name: str
    config: list[Path_fr]
    launcher: list[str] | None = None

    @property
    def paths(self) -> list[Path]:
        """The configs, wherever the pipeline is called from."""
        return [Path(path.absolute) for path in self.config]


@dataclass(frozen=True)
class Place:
    """A policy of the run and the folder that belongs to it: the start, or what a stage exported.

    Example: `Place("cold_start", Path("out/01_cold_start"), "out/01_cold_start/export")`
    """

    name: str
    folder: Path
    policy: str
    """A folder, or a hub name."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Of the policy's files."""


@dataclass(frozen=True)
class Plan:
    """The pipeline's config, checked."""

    out: Path
    stages: Sequence[StageConfig]
    start: str | None = None
    prepare: Path | None = None
    evaluation: Sequence[Path] = ()
    shared: Sequence[Path] = ()
    launcher: Sequence[str] = ("python", "-m", "revisual")
    data: Path | None = None
    seed: int = 0
    evaluate_while_training: bool = True

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if not names:
            raise UserError("stages: there is none")
        for name in names:
            if not re.fullmatch(r"\w[\w.-]*", name) or name == "start" or names.count(name) > 1:
                raise UserError(f"stages: {name!r} is no name for a stage; use letters, digits and _, each name once")
        if (self.start is None) == (self.prepare is None):
            raise UserError("give either start (a folder or hub name) or prepare (a config of `revisual tiny`)")
        if self.start and not Path(self.start).is_dir() and not re.fullmatch(HUB_NAME, self.start):
            raise UserError(f"start: {self.start} is neither a folder nor a hub name")
        if self.data is not None and not self.data.is_dir():
            raise UserError(f"data: {self.data} is not a folder")

    def folder(self, number: int) -> Path:
        """Return the folder of the stage `number`, counted from 1."""
        return self.out / f"{number:02d}_{self.stages[number - 1].name}"

    def words(self, launcher: Sequence[str] | None = None) -> list[str]:
        """Return the launcher's words, with the Python that runs the pipeline for `python`."""
        first, *rest = launcher or self.launcher
        return [sys.executable if first == "python" else first, *rest]

    def options(self, configs: Sequence[Path], policy: str, folder: Path) -> list[str]:
        """Return the options that `fit` and `test` have in common."""
        files = (*self.shared, *configs)
        data = [] if self.data is None else [f"--data.init_args.root={self.data}"]
        return [
            *class_options(files),
            *(f"--config={path}" for path in files),
            f"--model.init_args.policy.init_args.path={policy}",
            f"--trainer.default_root_dir={folder}",
            f"--seed_everything={self.seed}",
            *data,
        ]

    def fingerprint(
        self, configs: Sequence[Path], policy: Mapping[str, str], launcher: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Return all that decides what a stage makes; a difference is told by its key."""
        files = (*self.shared, *configs)
        return {
            **{f"config {i} ({path.name})": config_hash(path) for i, path in enumerate(files, start=1)},
            "launcher": list(launcher or self.launcher),
            "seed": self.seed,
            "data": None if self.data is None else str(self.data),
            "the policy that it begins from": dict(policy),
        }


def class_options(files: Sequence[Path]) -> list[str]:
    """Return the classes of model and data that the files choose, as options that go before the files.

    A shared file may then set arguments of theirs before another file names the class.

    Example: `["--model=SFTModule", "--data=SFTDataModule"]`
    """
    contents = [content for path in files if isinstance(content := read_yaml(path), Mapping)]
    found = {}
    for key in ("model", "data"):
        for content in contents:
            part = content.get(key)
            name = part.get("class_path") if isinstance(part, Mapping) else part
            if isinstance(name, str):
                found[key] = name
    return [f"--{key}={name}" for key, name in found.items()]


def config_hash(path: Path) -> str:
    """Return the hash of what a YAML file says: comments and layout do not count."""
    return hashlib.sha256(json.dumps(read_yaml(path), sort_keys=True, default=str).encode()).hexdigest()


def policy_hashes(policy: str) -> dict[str, str]:
    """Return the hashes of a policy's files; a hub name stands for itself."""
    folder = Path(policy)
    return hashes(folder) if folder.is_dir() else {"hub": policy}


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """List what differs between two fingerprints.

    Example: `changes({"seed": 0, "data": None}, {"seed": 1, "data": None}) == ["seed"]`
    """
    return [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
