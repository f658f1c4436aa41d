"""Lightning callbacks for `trainer.callbacks`."""

from revisual.callbacks.entropy_target import EntropyTarget
from revisual.callbacks.hf_export import HFExport
from revisual.callbacks.kl_in_reward import KLInReward
from revisual.callbacks.learning_watch import LearningWatch
from revisual.callbacks.length_reward import LengthReward
from revisual.callbacks.metrics_file import MetricsFile
from revisual.callbacks.online_difficulty import OnlineDifficulty
from revisual.callbacks.ptst import PTST, PTSTStage
from revisual.callbacks.reference_refresh import ReferenceRefresh
from revisual.callbacks.response_log import ResponseLog
from revisual.callbacks.rollout_log import RolloutLog
from revisual.callbacks.soft_overlong_penalty import SoftOverlongPenalty
from revisual.callbacks.step_stats import StepStats
from revisual.callbacks.stop_on_signal import StopOnSignal
from revisual.callbacks.watchdog import Watchdog

__all__ = [
    "PTST",
    "EntropyTarget",
    "HFExport",
    "KLInReward",
    "LearningWatch",
    "LengthReward",
    "MetricsFile",
    "OnlineDifficulty",
    "PTSTStage",
    "ReferenceRefresh",
    "ResponseLog",
    "RolloutLog",
    "SoftOverlongPenalty",
    "StepStats",
    "StopOnSignal",
    "Watchdog",
]
