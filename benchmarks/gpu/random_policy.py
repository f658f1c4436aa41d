"""A Qwen2.5-VL with random weights, made on the device without reading a file, and prompts for it."""

import json
import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from bench import SEED, Bench
from PIL import Image, ImageDraw
from transformers import AutoConfig, GenerationConfig
from typing_extensions import override

from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.data.readers import JSONLReader, read_all
from revisual.models.families import family_named
from revisual.models.policy import PretrainedPolicy
from revisual.models.processor import save_processor
from revisual.models.tiny import TinyArchitecture, make_tiny_processor

ARCHITECTURE = Path(__file__).parents[2] / "tests/architectures/3b/config.json"
TINY = TinyArchitecture(
    hidden=64, layers=2, heads=2, intermediate=96, vision_hidden=64, vocabulary=400, max_pixels=1_003_520
)
COLOURS = ("red", "green", "blue", "yellow")
PROMPTS = 16
WORDS = 32_000
"""Of a policy with few layers, most of which would else be its embedding."""


@dataclass(frozen=True)
class RandomPolicy(PretrainedPolicy):
    """The policy that a folder's config describes, with weights drawn where it is to live.

    Args:
        on: the device.
    """

    on: str = "cpu"

    @override
    def _read(self, family: Any, options: dict[str, Any]) -> Any:
        torch.manual_seed(SEED)
        with torch.device(self.on):
            policy = family.auto_class().from_config(self._config(), **options)
        self._read_generation_config(policy)
        return policy


def policy_folder(bench: Bench, layers: int | None = None) -> Path:
    """Return a folder with config, tokenizer and processor: of the 3B, or of a tiny policy in a dry run.

    Args:
        bench: whose folder it goes into.
        layers: of the language model and of the tower, where fewer than all are wanted, and fewer words.
    """
    folder = bench.folder / f"policy_{layers or 'whole'}"
    if not folder.exists():
        made = Path(tempfile.mkdtemp(dir=bench.folder))
        processor: Any = make_tiny_processor(TINY, [question(k) for k in range(100)])
        token_id = processor.tokenizer.convert_tokens_to_ids
        config = tiny_config(token_id) if bench.dry else AutoConfig.from_pretrained(ARCHITECTURE)
        use_tokens(config, token_id)
        if layers is not None:
            shorten(config, layers)
        config.save_pretrained(made)
        ends = {"eos_token_id": token_id("<|im_end|>"), "pad_token_id": token_id("<|endoftext|>")}
        GenerationConfig(**ends).save_pretrained(made)
        save_processor(processor, made)
        shutil.move(made, folder)
    return folder


def tiny_config(token_id: Any) -> Any:
    """Return the config of a tiny policy."""
    return family_named("qwen2_5_vl").tiny_config(TINY, "qwen2_5_vl", token_id)


def use_tokens(config: Any, token_id: Any) -> None:
    """Let the special tokens of a published config be those of the tokenizer that is there."""
    names = {"image_token_id": "image_pad", "video_token_id": "video_pad"}
    names |= {"vision_start_token_id": "vision_start", "vision_end_token_id": "vision_end"}
    for attribute, name in names.items():
        setattr(config, attribute, token_id(f"<|{name}|>"))
    for one in (config, config.get_text_config()):
        one.eos_token_id, one.pad_token_id = token_id("<|im_end|>"), token_id("<|endoftext|>")
        one.bos_token_id = token_id("<|endoftext|>")


def shorten(config: Any, layers: int) -> None:
    """Leave the first layers of language model and vision tower, whose last sees all of a picture, and few words."""
    text, vision = config.get_text_config(), config.vision_config
    text.vocab_size = min(text.vocab_size, WORDS)
    text.num_hidden_layers, vision.depth = layers, layers
    if getattr(text, "layer_types", None):
        text.layer_types = text.layer_types[:layers]
    vision.fullatt_block_indexes = [layers - 1]


def question(number: int) -> str:
    """Return a question about a picture."""
    return f"What is {number} + 1? Which colour are the squares?"


def prompt_folder(bench: Bench, side: int) -> Path:
    """Return a folder with prompts.jsonl, whose prompts have one picture each, as wide and high as `side`."""
    folder = bench.folder / f"prompts_{side}"
    if not folder.exists():
        made = Path(tempfile.mkdtemp(dir=bench.folder))
        rng = random.Random(SEED)
        rows = []
        for i in range(PROMPTS):
            draw_picture(rng, COLOURS[i % 4], side).save(made / f"{i}.png")
            asked = {"question": question(rng.randint(0, 99)), "answer": COLOURS[i % 4], "images": [f"{i}.png"]}
            rows.append(json.dumps({"id": str(i), **asked}))
        (made / "prompts.jsonl").write_text("\n".join(rows) + "\n")
        shutil.move(made, folder)
    return folder


def draw_picture(rng: random.Random, colour: str, side: int) -> Image.Image:
    """Return a picture of many squares."""
    picture = Image.new("RGB", (side, side), "white")
    for _ in range(40):
        x, y = rng.randrange(side), rng.randrange(side)
        ImageDraw.Draw(picture).rectangle((x, y, x + side // 8, y + side // 8), colour)
    return picture


def load(bench: Bench, layers: int | None = None, **options: Any) -> tuple[Any, PromptEncoder]:
    """Return a policy on the bench's device, in training mode, and what encodes prompts for it."""
    loader = RandomPolicy(str(policy_folder(bench, layers)), on=str(bench.device), **options)
    processor = loader.load_processor()
    policy = loader.load(processor).train()
    return policy, PromptEncoder(processor, system_prompt=None, pictures=loader.pictures(), half_patches=not bench.dry)


def prompts(bench: Bench, encoder: PromptEncoder, side: int, count: int) -> list[EncodedPrompt]:
    """Return encoded prompts with a picture each."""
    folder = prompt_folder(bench, side)
    return [encoder.encode(sample) for sample in read_all([JSONLReader("prompts.jsonl")], folder)[:count]]
