from pathlib import Path

import pytest

from revisual.cli.words import spell_out, split_words


def command(
    *, image: list[Path] | None = None, names: list[str] = (), sizes: list[int] = (), dry_run: bool = False, n: int = 1
) -> None:
    """Stands for a command."""


@pytest.mark.parametrize(("words", "spelled"), [
    (["--dry_run"], ["--dry_run=true"]),
    (["--dry_run", "--n", "3"], ["--dry_run=true", "--n", "3"]),
    (["--dry_run=false"], ["--dry_run=false"]),
    (["--dry_run", "false"], ["--dry_run", "false"]),
    (["--image", "a b.png", "c.png", "--n=1"], ["--n=1", '--image=["a b.png", "c.png"]']),
    (["--image", "a", "--n", "2", "--image", "b"], ["--n", "2", '--image=["a", "b"]']),
    (["--image=a", "b"], ['--image=["a", "b"]']),
    (["--names", "[a, b]"], ["--names=[a, b]"]),
    (["--names=[a, b]"], ["--names=[a, b]"]),
    (["--names", 'a"]'], ['--names=["a\\"]"]']),
    (["--sizes", "[1]", "word"], ["--sizes", "[1]", "word"]),
    (["--image"], ["--image=[]"]),
    ([], []),
])  # fmt: skip
def test_words_are_spelled_out(words, spelled):
    assert spell_out(command, words) == spelled


@pytest.mark.parametrize(("words", "own", "rest"), [
    (["--n", "3", "--model.n", "4"], ["--n", "3"], ["--model.n", "4"]),
    (["--config", "a.yaml", "--n=3", "--config=b.yaml"], ["--n=3"], ["--config", "a.yaml", "--config=b.yaml"]),
    (["--dry_run", "word", "--image", "a"], ["--dry_run", "--image", "a"], ["word"]),
    (["--help"], ["--help"], []),
    (["-h"], ["-h"], []),
])  # fmt: skip
def test_own_options_are_told_from_others(words, own, rest):
    assert split_words(command, words) == (own, rest)
