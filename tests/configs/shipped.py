"""The shipped configs, and what each of them is."""

import re
from pathlib import Path

CONFIGS = Path(__file__).parents[2] / "configs"
FULL = CONFIGS / "revisual_r1/7b"
VISION_R1 = CONFIGS / "vision_r1/7b"
RL_STAGES = ("multimodal_rl", "text_rl")
STAGES = ("cold_start", *RL_STAGES)
VISION_R1_STAGES = ("cold_start", "rl_ptst")
QWEN3_VL = ("qwen3_vl_4b", "qwen3_vl_8b")
"""Models of another family, whose configs lie over those of the 7B as other sizes do."""
SIZES = ("3b", "7b", "32b", *QWEN3_VL)


def named(path):
    if isinstance(path, tuple):  # what lies over what
        return "+".join(map(named, path))
    return str(path.relative_to(CONFIGS)) if isinstance(path, Path) else str(path)


def bases(path):
    """The configs that an overlay is made for, each with what lies between; none for one that stands alone."""
    if path.name in ("pipeline.yaml", "tiny.yaml"):
        return []
    if path.parent.name in ("3b", "32b", *QWEN3_VL):
        return [(path.parent.parent / "7b" / path.name,)]
    if path.parent.name == "released_code":
        return [tuple(configs_of(size, path.stem)) for size in ("3b", "7b", "32b")]
    if path.parent.name == "single_gpu":
        return [files[:-1] for files in on_one_gpu() if files[-1] == path]
    if path.name == "top_p_0.95.yaml":
        return [(FULL / f"{stage}.yaml",) for stage in RL_STAGES]
    if path.parent.name in ("algorithm", "filter", "rewards", "rollout"):
        return [(CONFIGS / f"real_sample/{stage}.yaml",) for stage in RL_STAGES]
    if path.parent.name in ("strategy", "logger"):
        return [(CONFIGS / f"real_sample/{stage}.yaml",) for stage in STAGES]
    return []


def configs_of(size, stage, full=FULL):
    """What trains a stage of a model: the 7B's config, and over it what differs for another size."""
    return [full / f"{stage}.yaml", *([full.parent / f"{size}/{stage}.yaml"] if size != "7b" else [])]


def on_one_gpu():
    """The files of every stage on one GPU: a model's, a card's, and what is laid over that for 3B."""
    for path in sorted((CONFIGS / "single_gpu").glob("*gb_*.yaml")):
        size, card = "3b" if path.name.startswith("3b_") else "7b", re.search(r"\d+gb", path.name)[0]
        for stage in STAGES:
            kind, other = ("cold_start", "rl") if stage == "cold_start" else ("rl", "cold_start")
            if not path.stem.endswith(other):
                files = [*configs_of(size, stage), path.with_name(f"{card}_{kind}.yaml"), path]
                yield tuple(dict.fromkeys(files))


EVERYTHING = sorted(CONFIGS.rglob("*.yaml"))
PIPELINES = [path for path in EVERYTHING if path.name == "pipeline.yaml"]
TINY = [path for path in EVERYTHING if path.name == "tiny.yaml"]
OVERLAYS = [path for path in EVERYTHING if bases(path)]
PARTS_OF_A_PIPELINE = [path for path in EVERYTHING if path.parent.name == "quickstart" and path not in PIPELINES + TINY]
OF_OTHER_COMMANDS = [
    path
    for path in EVERYTHING
    if path.name in ("bridge.yaml", "evaluate.yaml") or path.parent.name in ("generate", "grammar")
]
ALONE = [
    path for path in EVERYTHING if path not in PIPELINES + TINY + OVERLAYS + PARTS_OF_A_PIPELINE + OF_OTHER_COMMANDS
]


def hub_name(size):
    """The published model that a size is of."""
    return (
        f"Qwen/Qwen3-VL-{size[-2:].upper()}-Instruct"
        if size in QWEN3_VL
        else f"Qwen/Qwen2.5-VL-{size.upper()}-Instruct"
    )


def architecture_of(size):
    """The config.json of a size that is shipped."""
    return CONFIGS / "architectures" / (f"{size}.json" if size in QWEN3_VL else f"qwen2_5_vl_{size}.json")


FULL_SIZE = [
    tuple(configs_of(size, stage, full))
    for full, sizes, stages in ((FULL, SIZES, STAGES), (VISION_R1, ("7b", "32b", *QWEN3_VL), VISION_R1_STAGES))
    for size in sizes
    for stage in stages
]
"""The files of every stage of a published model."""
ON_ONE_GPU = list(on_one_gpu())
