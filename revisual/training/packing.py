"""Rows in few parts that hold at most so many tokens."""

from collections.abc import Sequence


def group_rows(owners: Sequence[int], rows: Sequence[int]) -> list[list[int]]:
    """Return `rows`, those of one prompt together, in the order of their first; `owners` says each row's prompt.

    Example: `group_rows([0, 1, 0, 2], range(1, 4)) == [[1], [2], [3]]`
    """
    groups: dict[int, list[int]] = {}
    for row in rows:
        groups.setdefault(owners[row], []).append(row)
    return list(groups.values())


def pack(
    groups: Sequence[Sequence[int]], prompts: Sequence[int], completions: Sequence[int], max_tokens: int
) -> list[list[int]]:
    """Return the groups' rows in few parts of at most `max_tokens` tokens, and of nearly as many.

    A group counts its prompt once. It is cut only where it alone is over the limit, and a row that is gets a part of
    its own.

    Args:
        groups: rows that share a prompt.
        prompts: tokens of each row's prompt.
        completions: tokens of each row's completion.
        max_tokens: most tokens of a part.

    Example: `pack([[0, 1], [2]], [4, 4, 9], [3, 3, 1], 10)` is `[[0, 1], [2]]` or the like: 10 tokens and 10.
    """

    def tokens(piece: Sequence[int]) -> int:
        return prompts[piece[0]] + sum(completions[row] for row in piece)

    pieces: list[list[int]] = []
    for group in groups:
        pieces += cut_group(group, prompts[group[0]], completions, max_tokens)
    pieces.sort(key=tokens, reverse=True)
    sizes = [tokens(piece) for piece in pieces]
    number = len(fill_first(sizes, max_tokens))
    parts = fill_emptiest(sizes, number)
    if any(sum(sizes[i] for i in part) > max(max_tokens, *sizes[:1]) for part in parts):
        parts = fill_first(sizes, max_tokens)
    return [sorted(row for i in part for row in pieces[i]) for part in parts]


def cut_group(group: Sequence[int], prompt: int, completions: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Return the rows of a group in as few pieces as fit the limit, each with the prompt.

    Example: `cut_group([0, 1, 2], 4, [3, 3, 3], 10) == [[0, 1], [2]]`
    """
    pieces: list[list[int]] = []
    room = 0
    for row in group:
        if not pieces or completions[row] > room:
            pieces.append([])
            room = max_tokens - prompt
        pieces[-1].append(row)
        room -= completions[row]
    return pieces


def fill_first(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Return numbers of `sizes`, a descending list, in parts of at most `most`: each goes to the first that has room.

    Example: `fill_first([6, 5, 4, 3], 10) == [[0, 2], [1, 3]]`
    """
    parts: list[list[int]] = []
    room: list[int] = []
    for number, size in enumerate(sizes):
        part = next((p for p, left in enumerate(room) if size <= left), None)
        if part is None:
            part = len(parts)
            parts.append([])
            room.append(most)
        parts[part].append(number)
        room[part] -= size
    return parts


def fill_emptiest(sizes: Sequence[int], parts: int) -> list[list[int]]:
    """Return numbers of `sizes`, a descending list, in `parts` lists: each goes to the emptiest.

    Example: `fill_emptiest([6, 5, 4, 3], 2) == [[0, 3], [1, 2]]`
    """
    lists: list[list[int]] = [[] for _ in range(parts)]
    filled = [0] * parts
    for number, size in enumerate(sizes):
        emptiest = filled.index(min(filled))
        lists[emptiest].append(number)
        filled[emptiest] += size
    return lists
