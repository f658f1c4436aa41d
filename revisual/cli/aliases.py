"""Other names of options: those of ReVisual-R1's own scripts, of other commands, and names with dashes."""

from collections.abc import Collection, Mapping, Sequence

from revisual.core.errors import UserError

ALIASES: Mapping[str, Mapping[str, str]] = {
    "generate": {"model_path": "model", "image_path": "image", "num_return_sequences": "n"},
    "evaluate": {
        "model_name": "model",
        "openai_base_url": "base_url",
        "cache_dir": "cache",
        "output_dir": "out",
        "datasets": "benchmarks",
        "dataset_dir": "data",
        "eval_threads": "concurrency",
    },
    "export": {"ckpt_path": "checkpoint"},
}
"""By command: from another name to the option's own."""
KEYS = ("api_key", "openai_api_key", "key")
"""What a key would be given as, which is read from the environment alone."""


def use_own_names(command: str, words: Sequence[str], options: Collection[str]) -> list[str]:
    """Return a command line with the options' own names, dashes within them as underscores; all else as it is.

    Example: `use_own_names("generate", ["--model-path=a"], ["model"]) == ["--model=a"]`

    Args:
        command: whose aliases count.
        words: behind the command.
        options: the command's own names.

    Raises:
        UserError: an option is given by two names, or a key is given.
    """
    aliases = {name: own for name, own in ALIASES.get(command, {}).items() if own in options}
    spelled: dict[str, str] = {}
    made = []
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        known = name.replace("-", "_")
        own = aliases.get(known, known)
        if not word.startswith("--") or own not in options:
            _refuse_key(word, known, options)
            made.append(word)
            continue
        if spelled.setdefault(own, name) != name:
            raise UserError(f"--{name}: is --{spelled[own]} by another name; give one of them")
        made.append(f"--{own}{equals}{value}")
    return made


def tell_aliases(command: str) -> str:
    """Return what a command's help says of its aliases; empty where it has none."""
    told = ", ".join(f"--{name} for --{own}" for name, own in ALIASES.get(command, {}).items())
    return f"Other names, and dashes in place of underscores, are taken too: {told}." if told else ""


def _refuse_key(word: str, name: str, options: Collection[str]) -> None:
    if word.startswith("--") and name in KEYS and "key_env" in options:
        raise UserError(f"--{name}: a key is read from the environment alone: set OPENAI_API_KEY, or name another "
                        "variable with --key_env")  # fmt: skip
