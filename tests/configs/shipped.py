"""The shipped configs, and what each of them is."""

from pathlib import Path

CONFIGS = Path(__file__).parents[2] / "configs"
FULL = CONFIGS / "revisual_r1/7b"
VISION_R1 = CONFIGS / "vision_r1/7b"
RL_STAGES = ("multimodal_rl", "text_rl")
STAGES = ("cold_start", *RL_STAGES)


def named(path):
    return str(path.relative_to(CONFIGS)) if isinstance(path, Path) else str(path)


def bases(path):
    """The configs that an overlay is made for; none for one that stands alone."""
    if path.name in ("pipeline.yaml", "tiny.yaml"):
        return []
    if path.parent.name == "32b":
        return [VISION_R1 / path.name]
    if path.parent.name in ("3b", "released_code"):
        return [FULL / path.name]
    if path.name == "top_p_0.95.yaml":
        return [FULL / f"{stage}.yaml" for stage in RL_STAGES]
    if path.parent.name in ("filter", "rewards", "rollout"):
        return [CONFIGS / f"real_sample/{stage}.yaml" for stage in RL_STAGES]
    if path.parent.name in ("strategy", "logger"):
        return [CONFIGS / f"real_sample/{stage}.yaml" for stage in STAGES]
    return []


def configs_of(size, stage, full=FULL):
    """What trains a stage of a model: the 7B's config, and over it what differs for another size."""
    return [full / f"{stage}.yaml", *([full.parent / f"{size}/{stage}.yaml"] if size != "7b" else [])]


EVERYTHING = sorted(CONFIGS.rglob("*.yaml"))
PIPELINES = [path for path in EVERYTHING if path.name == "pipeline.yaml"]
TINY = [path for path in EVERYTHING if path.name == "tiny.yaml"]
OVERLAYS = [path for path in EVERYTHING if bases(path)]
PARTS_OF_A_PIPELINE = [path for path in EVERYTHING if path.parent.name == "quickstart" and path not in PIPELINES + TINY]
OF_OTHER_COMMANDS = [path for path in EVERYTHING if path.name == "bridge.yaml" or path.parent.name == "grammar"]
ALONE = [
    path for path in EVERYTHING if path not in PIPELINES + TINY + OVERLAYS + PARTS_OF_A_PIPELINE + OF_OTHER_COMMANDS
]
