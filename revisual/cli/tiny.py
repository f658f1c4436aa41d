"""`revisual tiny`: an untrained tiny policy, as a Hugging Face folder."""

import json
from pathlib import Path

from revisual.cli.command import FunctionCommand
from revisual.config.parts import SAMPLES
from revisual.core.folders import replaced_folder, require_replaceable
from revisual.core.manifest import MANIFEST, hashes
from revisual.core.ranges import ResponseTemplate, Seed
from revisual.data.readers import SampleReader, read_all
from revisual.data.sft import THOUGHTS_THEN_BOX, response_text
from revisual.models.tiny import CHAT_WORDS, TinyArchitecture, save_tiny_policy
from revisual.models.writing import system_errors


def tiny(
    *,
    out: Path,
    data: list[SampleReader],
    root: Path | None = None,
    architecture: TinyArchitecture = TinyArchitecture(),  # noqa: B008  # frozen
    response_template: ResponseTemplate = THOUGHTS_THEN_BOX,
    seed: Seed = 0,
    family: str = "qwen2_5_vl",
) -> None:
    """Make a tiny untrained policy.

    Args:
        out: folder to write.
        data: samples whose texts the tokenizer is trained on.
        root: the folder that readers' relative paths start from.
        architecture: the model's sizes.
        response_template: the form of a response, for the tokenizer's texts.
        seed: of the weights.
        family: the model's type, one of the table in docs/models.md: qwen2_5_vl, qwen3_vl or gemma3, say.
    """
    require_replaceable(out)
    texts = []
    for sample in read_all(data, root):
        texts += [CHAT_WORDS, sample.question, sample.answer]
        if sample.solution:
            texts.append(response_text(sample, response_template))
    with replaced_folder(out) as folder, system_errors():
        save_tiny_policy(folder, architecture, texts, seed, family)
        (folder / MANIFEST).write_text(json.dumps(hashes(folder), indent=2) + "\n")
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"{out}: an untrained {family}, {size / 1e6:,.1f} MB")


COMMAND = FunctionCommand(tiny, SAMPLES)
