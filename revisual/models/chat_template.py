"""The system turn that a chat template adds by itself, so that stock tools ask an export as it was trained."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jinja2 import TemplateError

from revisual.core.errors import UserError

_FIRST, _LAST = "{#- revisual: the system turn of training -#}", "{#- revisual: end -#}"
_ADDED = re.compile(re.escape(_FIRST) + ".*?" + re.escape(_LAST), re.DOTALL)


@contextmanager
def default_system_turn(processor: Any, system_prompt: str | None) -> Iterator[None]:
    """Let the chat template begin with a system turn within, where a conversation has none of its own.

    A template that knows no system turn stays as it is: it is rendered both ways and compared.

    Args:
        processor: of the policy, or its tokenizer alone.
        system_prompt: the turn; null: none.
    """
    bare = _templates(processor)
    try:
        if system_prompt is not None:
            turn = json.dumps(system_prompt, ensure_ascii=False)
            added = (
                f"{_FIRST}{{%- set messages = messages if messages and messages[0]['role'] == 'system' "
                f"else [{{'role': 'system', 'content': {turn}}}] + messages -%}}{_LAST}"
            )
            _set_templates(processor, {name: added + text for name, text in bare.items()})
            if not _is_as_asked(processor, system_prompt, bare):
                _set_templates(processor, bare)
        yield
    finally:
        _set_templates(processor, bare)


def remove_default_system_turn(processor: Any) -> None:
    """Take out what `default_system_turn` put in: who trains on or asks says the system prompt, once."""
    found = _templates(processor)
    _set_templates(processor, {name: _ADDED.sub("", text, count=1) for name, text in found.items()})


def _is_as_asked(processor: Any, system_prompt: str, bare: dict[str, str]) -> bool:
    """Return whether a question alone is rendered as with the system turn by the template as it was."""
    question = {"role": "user", "content": [{"type": "text", "text": "?"}]}
    turn = {"role": "system", "content": system_prompt}
    with_default = _render(processor, [question])
    added = _templates(processor)
    _set_templates(processor, bare)
    explicit = _render(processor, [turn, question])
    _set_templates(processor, added)
    return with_default is not None and with_default == explicit and system_prompt.strip() in explicit


def _render(processor: Any, messages: list[dict[str, Any]]) -> str | None:
    try:
        return str(processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
    except (TemplateError, ValueError, TypeError, UserError):
        return None


def _templates(processor: Any) -> dict[str, str]:
    """Return the templates of the processor and of its tokenizer, as far as each is one text."""
    owners = {"processor": processor, "tokenizer": processor.tokenizer}
    found = {name: getattr(owner, "chat_template", None) for name, owner in owners.items()}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _set_templates(processor: Any, templates: dict[str, str]) -> None:
    owners = {"processor": processor, "tokenizer": processor.tokenizer}
    for name, text in templates.items():
        owners[name].chat_template = text
