"""Lightning callbacks for `trainer.callbacks`."""

from revisual.callbacks.hf_export import HFExport
from revisual.callbacks.length_reward import LengthReward
from revisual.callbacks.metrics_file import MetricsFile
from revisual.callbacks.response_log import ResponseLog
from revisual.callbacks.rollout_log import RolloutLog

__all__ = ["HFExport", "LengthReward", "MetricsFile", "ResponseLog", "RolloutLog"]
