"""Which values options may have: those of own parts by their types, and those of other packages by the tables here."""

import sys
from collections.abc import Iterator, Mapping
from inspect import isclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from jsonargparse import Namespace

from revisual.core.ranges import (
    Below1,
    Count,
    FilledText,
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Within,
    find_out_of_range,
)

LearningRate = Annotated[float, Within("[0, 1]")]
"""0: a schedule that begins there. Above 1 no weight would survive the first step."""
StepsOrNoLimit = Annotated[int, Within("[-1, 2147483647]")]

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "torch.optim.optimizer.Optimizer": {
        "lr": LearningRate, "weight_decay": Fraction, "betas": tuple[Below1, ...], "eps": Fraction,
        "momentum": Fraction, "alpha": Fraction, "dampening": Fraction,
    },
    "torch.optim.lr_scheduler.LRScheduler": {
        "gamma": PositiveFloat, "step_size": PositiveInt, "eta_min": LearningRate, "max_lr": LearningRate,
        "T_max": PositiveInt, "total_steps": PositiveInt, "total_iters": NonNegativeInt, "pct_start": Fraction,
        "start_factor": Fraction, "end_factor": Fraction, "factor": Fraction,
    },
    "lightning.pytorch.callbacks.model_checkpoint.ModelCheckpoint": {
        "every_n_train_steps": NonNegativeInt, "every_n_epochs": NonNegativeInt, "save_top_k": StepsOrNoLimit,
    },
    "lightning.pytorch.callbacks.progress.tqdm_progress.TQDMProgressBar": {"refresh_rate": NonNegativeInt},
}  # fmt: skip
"""By class, imported by none of this, and for all classes under it: the type, with its range, of an argument."""

NUMBERS = ("lr", "betas", "weight_decay")
"""Options whose own types take more than they can use."""

KEYS: Mapping[str, Any] = {
    "trainer.max_steps": StepsOrNoLimit,
    "trainer.max_epochs": StepsOrNoLimit,
    "trainer.min_steps": NonNegativeInt,
    "trainer.min_epochs": NonNegativeInt,
    "trainer.gradient_clip_val": NonNegativeFloat,
    "trainer.log_every_n_steps": NonNegativeInt,
    "trainer.accumulate_grad_batches": Count,
    "trainer.check_val_every_n_epoch": PositiveInt,
    "trainer.num_nodes": Count,
    "trainer.num_sanity_val_steps": StepsOrNoLimit,
    "trainer.default_root_dir": FilledText,
    "trainer.limit_train_batches": NonNegativeFloat,
    "trainer.limit_val_batches": NonNegativeFloat,
    "trainer.limit_test_batches": NonNegativeFloat,
    "trainer.limit_predict_batches": NonNegativeFloat,
    "trainer.overfit_batches": NonNegativeFloat,
}
"""Of Lightning's trainer."""


def check_null(annotation: Any, default: Any, value: Any) -> None:
    """Check that null is not put in the place of a default that is none; what has no default an overlay may give.

    Raises:
        ValueError: it is, and the key's type has no null.
    """
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    if value is None and default is not None and not {type(None), Any} & set(kinds):
        raise ValueError("expected a value, got null")


def check_options(annotation: Any, value: Any, key: str) -> None:
    """Check a key's value against the range that its type states, and options of classes that others wrote.

    Args:
        annotation: the key's type.
        value: what was parsed.
        key: its name, as the parser that checks it knows it.

    Raises:
        ValueError: a value lies outside its range; tells which, unless it is the key's own.
    """
    fault = find_out_of_range(annotation, value) or find_out_of_range(KEYS.get(key), value)
    if key in KEYS and value in ({}, []):
        fault = _no_number(value or {})
    if fault is not None:
        raise ValueError(fault)
    for name, fault in _foreign_faults(value):
        raise ValueError(f'Parser key "{name}": {fault}')


def _foreign_faults(value: Any) -> Iterator[tuple[str, str]]:
    """Yield options out of range of each class in a value that another package defines, with the fault."""
    if isinstance(value, Namespace):
        value = vars(value)
    if isinstance(value, list):
        for part in value:
            yield from _foreign_faults(part)
    elif isinstance(value, Mapping):
        given = value.get("init_args") or {}
        for name, one in (vars(given) if isinstance(given, Namespace) else given).items():
            kind = types_of(value.get("class_path")).get(name)
            fault = find_out_of_range(kind, one) or (_no_number(one) if name in NUMBERS else None)
            if kind is not None and fault is not None:
                yield name, fault


def _no_number(value: Any) -> str | None:
    """Say that a value is no number, nor a list of them."""
    if isinstance(value, (list, tuple)):
        return next((fault for one in value if (fault := _no_number(one))), None)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return None if is_number else f"expected a number, got {value!r}"


def types_of(path: Any) -> Mapping[str, Any]:
    """Return the types, with ranges, of the arguments of a class that is named by its path."""
    module, _, name = str(path).rpartition(".")
    found = getattr(sys.modules.get(module), name, None)
    bases = found.__mro__ if isclass(found) else ()
    return next((OPTIONS[base] for one in bases if (base := f"{one.__module__}.{one.__qualname__}") in OPTIONS), {})
