"""What runs inside vLLM's worker: `--worker-extension-cls revisual.rollout.vllm.worker.WeightReceiver`."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from torch import Tensor

from revisual.rollout.weight_sync import read_weights, record_checksums


class WeightReceiver:
    """Methods that vLLM mixes into its worker, for `collective_rpc`; they take and give what JSON can hold.

    vLLM gives the worker `reload_weights`, which of all its ways of taking weights is the one that works on a CPU, too.
    """

    _revisual_process = ""
    _revisual_version = ""

    def rollout_state(self) -> dict[str, Any]:
        """Return which process this is, the version of the weights that it was sent last, and what rollouts depend on.

        A process that was started again has another name, and no version.
        """
        self._revisual_process = self._revisual_process or uuid4().hex
        config: Any = getattr(self, "model_config")  # noqa: B009  # the worker's own
        return {
            "process": self._revisual_process,
            "version": self._revisual_version,
            "logprobs_mode": config.logprobs_mode,
            "max_model_len": config.max_model_len,
            "dtype": str(config.dtype).removeprefix("torch."),
        }

    def receive_weights(
        self,
        weights: Iterable[tuple[str, Tensor]] | None = None,
        folder: str | None = None,
        version: str = "",
    ) -> dict[str, Any]:
        """Take over weights, in memory or from a folder's safetensors files.

        Gives their checksums as they arrived, and the model's own parameters that none of them went into.
        """
        self._revisual_version = ""
        checksums: dict[str, str] = {}
        incoming = read_weights(Path(folder)) if weights is None and folder is not None else weights or ()
        not_loaded = self._reload(record_checksums(incoming, checksums))
        self._revisual_version = version
        return {"checksums": checksums, "not_loaded": not_loaded}

    def _reload(self, weights: Iterator[tuple[str, Tensor]]) -> list[str]:
        worker: Any = self
        # It warns of modules without weights of their own, at each reload; what has weights is checked below.
        logging.getLogger("vllm.model_executor.model_loader.reload.layerwise").setLevel(logging.ERROR)
        model = worker.model_runner.get_model()
        own, loaded, load = {name for name, _ in model.named_parameters()}, set[str](), model.load_weights

        def watch(weights: Iterable[tuple[str, Tensor]]) -> set[str]:
            loaded.update(load(weights))
            return loaded

        model.load_weights = watch  # what `reload_weights` calls; its result is only written to the log there
        try:
            worker.reload_weights(weights_iterator=weights)
        finally:
            del model.load_weights
        return sorted(own - loaded)
