"""A tokenizer in the place of a processor."""

from collections.abc import Mapping, Sequence
from typing import Any

from transformers.processing_utils import ProcessorMixin
from typing_extensions import override

from revisual.core.errors import UserError


class TextProcessor(ProcessorMixin):
    """The processor of a model that reads text alone: its tokenizer.

    A tokenizer without a padding token pads with its end token; padding is never read.
    """

    def __init__(self, tokenizer: Any) -> None:
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        super().__init__(tokenizer)

    @classmethod
    @override
    def get_attributes(cls) -> list[str]:
        return ["tokenizer"]

    @override
    def apply_chat_template(  # type: ignore[override]  # of the options, those that it needs
        self, conversation: Any, chat_template: str | None = None, **options: Any
    ) -> Any:
        """Render a conversation; templates of language models take a turn's content as one string.

        Raises:
            UserError: the tokenizer has no chat template.
        """
        if chat_template is None and self.tokenizer.chat_template is None:
            raise UserError(
                f"{self.tokenizer.name_or_path}: the tokenizer has no chat template (a base model's folder?); "
                "add a chat_template.jinja to the folder"
            )
        turns = [{**turn, "content": _text(turn.get("content") or "")} for turn in conversation]
        return self.tokenizer.apply_chat_template(turns, chat_template=chat_template, **options)

    @override
    def save_pretrained(self, save_directory: Any, push_to_hub: bool = False, **options: Any) -> Any:
        """Write the tokenizer alone, as stock folders of language models have it."""
        return self.tokenizer.save_pretrained(save_directory, push_to_hub=push_to_hub, **options)


def _text(content: str | Sequence[Mapping[str, Any]]) -> str:
    return content if isinstance(content, str) else "".join(str(part.get("text", "")) for part in content)
