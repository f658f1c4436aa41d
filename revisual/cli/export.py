"""`revisual export`: a Hugging Face folder from a training checkpoint."""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

import torch

from revisual.cli.command import FunctionCommand
from revisual.config.parser import OneLineParser, one_line_errors
from revisual.config.parts import TRAINING
from revisual.config.renamed import rename_config
from revisual.core.errors import UserError
from revisual.core.folders import require_replaceable
from revisual.core.yaml_text import read_yaml
from revisual.data.prompting import Prompting
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.models.checkpoints import policy_weights
from revisual.models.export import export_policy
from revisual.models.frozen_weights import match_frozen, read_frozen
from revisual.models.policy import PolicyLoader


def export(
    *,
    checkpoint: Path,
    out: Path,
    run_config: Path | None = None,
    dtype: Literal["float32", "bfloat16"] | None = None,
) -> None:
    """Write a checkpoint's policy as a Hugging Face folder, which transformers and vLLM load.

    Args:
        checkpoint: what a run saved: a file, or the folder that FSDP2 or DeepSpeed write.
        out: the folder to write; an earlier export there stays until the new one is whole, other files are refused.
        run_config: the run's config.yaml; by default the one beside the checkpoint, above it, or in the run's logs.
        dtype: what the weights are written in; by default what they were trained in.
    """
    require_replaceable(out)
    weights = policy_weights(checkpoint)
    config = run_config or config_of(checkpoint)
    loader = policy_loader(config, is_trusted=run_config is not None)
    prompting = prompting_of(config)
    processor = loader.load_processor()
    frozen = read_frozen(checkpoint)
    with nullcontext() if frozen else torch.device("meta"):  # else weights come from the checkpoint alone
        policy: Any = loader.load(processor)
    weights |= match_frozen(dict(policy.named_parameters(remove_duplicate=False)), frozen, str(checkpoint))
    check_names(checkpoint, set(policy.state_dict()), set(weights))
    policy.load_state_dict(weights, assign=True, strict=False)
    policy.tie_weights()
    if dtype is not None:
        policy.to(getattr(torch, dtype))
        policy.config.dtype = getattr(torch, dtype)
    export_policy(policy, processor, out, prompting=prompting)
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"{out}: {sum(p.numel() for p in policy.parameters()):,} parameters, {size / 1e6:,.0f} MB")


def check_names(checkpoint: Path, expected: set[str], found: set[str]) -> None:
    """Check that the checkpoint is of the config's policy; a tied weight may be there under one of its names.

    Raises:
        UserError: it is another policy's.
    """
    missing = sorted(expected - found - {"lm_head.weight"}) + sorted(found - expected)
    if missing:
        others = f" and {len(missing) - 1} others" if missing[1:] else ""
        raise UserError(f"{checkpoint}: is not of the config's policy: only one of the two has {missing[0]}{others}")


def config_of(checkpoint: Path) -> Path:
    """Find the config that a run kept nearest above its checkpoint, or else in the logs beside that or its folder.

    Of several logs it is the last one that was begun before the checkpoint was written.

    Raises:
        UserError: there is none.
    """
    above = list(checkpoint.absolute().parents)[:4]
    for folder in above:
        if (folder / "config.yaml").is_file():
            return folder / "config.yaml"
    written = checkpoint.stat().st_mtime
    begun = {path: path.stat().st_mtime for folder in above[:2] for path in folder.glob("logs/version_*/config.yaml")}
    if begun:
        return max(begun, key=lambda path: (begun[path] <= written, begun[path]))
    raise UserError(f"{checkpoint}: no config.yaml beside it or above it; give the run's with --run_config")


def read_run_config(config: Path) -> Any:
    """Read a run's config, with the keys of today.

    Raises:
        UserError: it cannot be read, or names no policy.
    """
    content = rename_config(read_yaml(config))
    try:
        content["model"]["init_args"]["policy"]
    except (KeyError, TypeError) as error:
        raise UserError(f"{config}: no model.init_args.policy in it") from error
    return content


def prompting_of(config: Path) -> Prompting:
    """Return how a run's config asks its policy, as the run's own export says it."""
    content = read_run_config(config)
    model, data = content["model"]["init_args"], (content.get("data") or {}).get("init_args") or {}
    policy = model["policy"].get("init_args", {}) if isinstance(model["policy"], dict) else {}
    ways = list(((model.get("eval_sampling") or {}).get("validation") or {}).values())
    is_told = bool(ways) and isinstance(ways[0], Mapping)  # earlier releases wrote a default as a text
    way: dict[str, Any] = {"temperature": 1.0, **ways[0]} if is_told else {"temperature": 0.0}
    return Prompting(
        model.get("system_prompt", REVISUAL_R1_SYSTEM_PROMPT),
        data.get("response_template"),
        policy.get("min_pixels"),
        policy.get("max_pixels"),
        chat_template_kwargs=policy.get("chat_template_kwargs") or {},
        **{name: way[name] for name in ("temperature", "top_p", "top_k") if name in way},
    ).following(policy.get("path"))


def policy_loader(config: Path, is_trusted: bool = False) -> PolicyLoader:
    """Make what a run's config loads its policy by, and say where that comes from.

    Args:
        config: the run's.
        is_trusted: the user named the file; one that lay beside the checkpoint may not have a model's own code run.

    Raises:
        UserError: the file cannot be read, names no policy, or asks for what it may not.
    """
    policy = read_run_config(config)["model"]["init_args"]["policy"]
    options = policy.get("init_args") if isinstance(policy, dict) else None
    if isinstance(options, dict):
        if options.get("trust_remote_code") and not is_trusted:
            raise UserError(
                f"{config}: asks for trust_remote_code, by which the model's own code runs here; read that code, and "
                f"if you trust it say so with --run_config {config}"
            )
        print(f"{config}: the policy's config and processor come from {options.get('path')}", flush=True)
    parser = OneLineParser()
    parser.add_subclass_arguments(PolicyLoader, "policy")
    with one_line_errors():
        return parser.instantiate(parser.parse_object({"policy": policy})).policy


COMMAND = FunctionCommand(export, TRAINING)
