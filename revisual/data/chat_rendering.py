"""A conversation as text: a chat template is a program that came with a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from revisual.core.errors import UserError
from revisual.core.text import shorten
from revisual.core.time_limit import time_limit

MOST_SECONDS = 60.0
"""For one conversation, which takes a millisecond."""
MOST_CHARACTERS = 4_000_000
"""Of a rendered conversation: a million tokens."""


def render_chat(processor: Any, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> str:
    """Return a conversation's text up to where the answer begins.

    Args:
        processor: of the policy.
        messages: the conversation.
        options: what the template is told besides.

    Raises:
        UserError: the template refuses the conversation, fails on it, takes too long, or writes too much.
    """
    try:
        with time_limit(MOST_SECONDS):
            text = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, **options)
    except UserError:
        raise
    except Exception as error:  # a template can raise nearly anything
        reason = shorten(" ".join(str(error).split()) or type(error).__name__, 200)
        raise UserError(f"the chat template does not render it: {reason}") from error
    if len(text) > MOST_CHARACTERS:
        raise UserError(f"the chat template makes {len(text):,} characters of it, more than {MOST_CHARACTERS:,}")
    return str(text)
