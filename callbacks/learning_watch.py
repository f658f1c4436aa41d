"""A run that cannot learn says so, and so does one that is suddenly paid by another rule."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from torch.optim import Optimizer
from typing_extensions import override

from revisual.core.distributed import all_gather_objects, all_sum
from revisual.core.ranges import PositiveInt, check_ranges
from revisual.rl.batch import RolloutBatch
from revisual.rl.callbacks import RewardCallback, Rows, Weights
from revisual.rl.health import (
    JUMP_STEPS,
    WATCHED,
    Drift,
    Finding,
    Outcomes,
    find_constant_terms,
    find_cut,
    find_drift,
    find_jumps,
    find_nothing,
    find_spreadless,
    learns_nothing,
    paid_shares,
)

log = logging.getLogger(__name__)

FORGET_AFTER = 20
"""Rollout steps without a finding after which it is told like a new one."""
EXAMPLES, EXAMPLE_LENGTH = 3, 400
"""Responses shown of a rule that has jumped, and the characters that are shown of each."""
FROM_LOSS = {"entropy": "policy/entropy", "kl": "policy/kl"}
"""Watched numbers that are known once the update's loss is computed."""


class LearningWatch(RewardCallback):
    """Says in one line what keeps a run from learning and what to change, after a rollout step and when it gets worse.

    Looked at are answers that are cut, groups that are paid alike, reward terms that are constant or pay a form that no
    response has, steps with nothing to learn from, and entropy, KL and length against their own past. A rule of the
    grader that suddenly pays for most responses is told once, with examples. All of it is over the rollouts of all
    ranks, and what was told is saved in checkpoints. `revisual fit` adds one where the config lists none.

    Example: `LearningWatch(stop_when_nothing_to_learn=20)` under `trainer.callbacks`

    Args:
        stop_when_nothing_to_learn: the run ends after so many rollout steps in a row with nothing to learn from; null:
            it goes on.
    """

    def __init__(self, stop_when_nothing_to_learn: PositiveInt | None = None) -> None:
        self.stop_when_nothing_to_learn = stop_when_nothing_to_learn
        check_ranges(self)
        self.told: dict[str, tuple[int, int]] = {}
        """By kind of finding: the worst level that was told, and the last rollout step that had it."""
        self.nothing = 0
        """Rollout steps in a row, up to now, with nothing to learn from."""
        self.drifts = {each.name: Drift() for each in WATCHED}
        self.paid: list[dict[str, float]] = []
        """Share of rollouts paid by each rule, in the last rollout steps."""
        self.jumped: set[str] = set()
        """Rules that were told."""
        self._awaits_loss = False

    @override
    def on_selection(self, trainer: Trainer, module: Any, batch: RolloutBatch, indices: Rows, weights: Weights) -> None:
        seen = Outcomes.joined(all_gather_objects(Outcomes.of(batch, indices, weights)))
        self.nothing = self.nothing + 1 if learns_nothing(seen) else 0
        self._observe("length", sum(seen.length) / max(1, len(seen)))
        rewards: Mapping[str, Any] = module.evaluation.rewards
        wanted = {name: getattr(term.function, "wants", "") for name, term in rewards.items()}
        findings = [
            find_cut(seen, module.sampling.max_new_tokens),
            find_spreadless(seen),
            *find_constant_terms(seen, wanted),
            find_nothing(self.nothing),
            self._drift("length"),
        ]
        self._tell(trainer, module.rollout_step, findings)
        self._watch_rules(trainer, module.rollout_step, batch, paid_shares(seen))
        self._awaits_loss = True

    @override
    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        module: Any = pl_module
        if not self._awaits_loss or module.update.count == 0:
            return
        self._awaits_loss = False  # the first update of a rollout step that learns from something
        present = {name: logged for name, logged in FROM_LOSS.items() if module.step_log.has(logged)}
        for name, value in all_sum({name: module.step_log.get(logged) for name, logged in present.items()}).items():
            self._observe(name, value)
        self._tell(trainer, module.rollout_step, [self._drift(name) for name in present])

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        module: Any = pl_module
        most = self.stop_when_nothing_to_learn
        if most is None or self.nothing < most or batch.update + 1 < module.updates_per_batch:
            return
        trainer.should_stop = True
        if trainer.is_global_zero:
            log.warning(
                "learning: the run ends, since there was nothing to learn from in %d rollout steps in a row",
                self.nothing,
            )

    def _observe(self, name: str, value: float) -> None:
        self.drifts[name] = self.drifts[name].add(value)

    def _drift(self, name: str) -> Finding | None:
        return next(find_drift(each, self.drifts[name]) for each in WATCHED if each.name == name)

    def _tell(self, trainer: Trainer, step: int, findings: Iterable[Finding | None]) -> None:
        """Say what is new or worse than when it was told, in one line."""
        worse = []
        for finding in filter(None, findings):
            level, last = self.told.get(finding.kind, (0, step))
            level = level if step - last <= FORGET_AFTER else 0
            if finding.level > level:
                worse.append(finding)
            self.told[finding.kind] = (max(level, finding.level), step)
        if worse and trainer.is_global_zero:
            log.warning("learning: rollout step %d: %s", step + 1, "; ".join(map(str, worse)))

    def _watch_rules(self, trainer: Trainer, step: int, batch: RolloutBatch, now: dict[str, float]) -> None:
        """Say which rule suddenly pays for most responses, once for each; every rank finds the same."""
        for rule, before in find_jumps(self.paid, now).items():
            if rule in self.jumped:
                continue
            self.jumped.add(rule)
            examples = [text for part in all_gather_objects(_examples(batch, rule)) for text in part][:EXAMPLES]
            if trainer.is_global_zero:
                log.warning(
                    "learning: rollout step %d: %.0f %% of all responses are now paid by the rule %s, %.0f %% within "
                    "the %d steps before: see whether they earn it. Examples:\n%s",
                    step + 1, 100 * now[rule], rule, 100 * before, JUMP_STEPS, "\n".join(examples),
                )  # fmt: skip
        self.paid = [*self.paid, now][-JUMP_STEPS:]

    @override
    def state_dict(self) -> dict[str, Any]:
        return {
            "told": {kind: list(each) for kind, each in self.told.items()},
            "nothing": self.nothing,
            "drifts": {name: list(astuple(drift)) for name, drift in self.drifts.items()},
            "paid": [dict(shares) for shares in self.paid],
            "jumped": sorted(self.jumped),
        }

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.told = {kind: (level, last) for kind, (level, last) in state_dict["told"].items()}
        self.nothing = state_dict["nothing"]
        self.drifts |= {name: Drift(*values) for name, values in state_dict["drifts"].items()}
        self.paid, self.jumped = [dict(shares) for shares in state_dict["paid"]], set(state_dict["jumped"])


def _examples(batch: RolloutBatch, rule: str) -> list[str]:
    """Return the first responses that were paid by a rule, each on one line."""
    rows = zip(batch.responses, batch.rules, batch.accuracy.tolist(), batch.valid.tolist(), strict=True)
    paid = [repr(text[-EXAMPLE_LENGTH:]) for text, by, accuracy, valid in rows if by == rule and accuracy > 0 and valid]
    return paid[:EXAMPLES]
