"""How a policy was trained to be asked: a file of its export, which stock tools ignore."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT

FILE = "revisual_prompting.json"
AUTO = "auto"
"""In place of a system prompt: as the model was trained to be asked."""
_INHERITED = ("response_template", "min_pixels", "max_pixels")


@dataclass(frozen=True)
class Prompting:
    r"""How a policy was trained to be asked, and how its answers were drawn when they were measured.

    Example: `Prompting(system_prompt=None, response_template="<think>{solution}</think>\\boxed{{answer}}")`

    Args:
        system_prompt: the first turn; null: none but the chat template's own.
        response_template: the form of the responses that it was taught; null: not known.
        min_pixels: of a picture; null: as the folder's processor says.
        max_pixels: likewise.
        temperature: of the answers that were measured; 0 takes the likeliest token.
        top_p: the share of probability that they were drawn from.
        top_k: the number of tokens that they were drawn from; 0: all.
    """

    system_prompt: str | None
    response_template: str | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    """What the chat template was told besides the conversation, as whether to think."""

    def following(self, start: str | None) -> "Prompting":
        """Return it with what is not known filled in by the export that training began from, if it was one."""
        before = None if start is None else read_prompting(start)
        if before is None:
            return self
        kept = {name: getattr(before, name) for name in _INHERITED if getattr(self, name) is None}
        return replace(self, **kept)

    def write(self, folder: Path) -> None:
        """Write it beside a policy's weights."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        (folder / FILE).write_text(f"{text}\n", encoding="utf-8")


def read_prompting(model: str) -> Prompting | None:
    """Read how the policy in a folder was trained to be asked; none of a hub's name or a folder that does not say.

    Raises:
        UserError: the file is not what an export wrote.
    """
    path = Path(model) / FILE
    if not path.is_file():
        return None
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path}: is not what an export wrote: {error}") from error


def _parse(content: Any) -> Prompting:
    """Check each field's type.

    Raises:
        TypeError: one has another, or there is none of its name.
    """
    kinds: dict[str, Any] = dict.fromkeys(("temperature", "top_p"), int | float) | {
        "top_k": int,
        "chat_template_kwargs": dict,
    }
    kinds |= dict.fromkeys(("system_prompt", "response_template"), str | None)
    kinds |= dict.fromkeys(("min_pixels", "max_pixels"), int | None)
    for name, value in dict(content).items():
        if name not in kinds or isinstance(value, bool) or not isinstance(value, kinds[name]):
            raise TypeError(f"{name}: {value!r}")
    return Prompting(**content)


def resolve_system_prompt(asked: str | None, model: str) -> str | None:
    """Return the system prompt to ask a model with; `auto` is that of its export, or else ReVisual-R1's.

    Example: `resolve_system_prompt("", "out/export")` and `resolve_system_prompt(None, "out/export")` are None.
    """
    if asked != AUTO:
        return asked or None
    known = read_prompting(model)
    return REVISUAL_R1_SYSTEM_PROMPT if known is None else known.system_prompt
