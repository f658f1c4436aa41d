"""Thoughts and the rest of an answer, told apart while it is still being written."""

from collections.abc import Iterator

OPENING, CLOSING = "<think>", "</think>"


class ThoughtSplitter:
    """Gives each piece of text with whether it is a thought. A tag may come in several pieces; it belongs to a thought.

    Example: after `[*s.add("<think>6 *"), *s.add(" 7</th"), *s.add("ink>42"), *s.end()]` the thoughts joined are
    `"<think>6 * 7</think>"` and the rest `"42"`.
    """

    def __init__(self) -> None:
        self._waiting = ""
        self._is_thought = False

    def add(self, piece: str) -> Iterator[tuple[bool, str]]:
        """Yield what can be told apart so far; the start of what may be a tag waits for the next piece."""
        self._waiting += piece
        while True:
            tag = CLOSING if self._is_thought else OPENING
            before, found, after = self._waiting.partition(tag)
            if not found:
                break
            if self._is_thought:
                before, self._waiting = before + tag, after
            else:
                self._waiting = tag + after
            if before:
                yield self._is_thought, before
            self._is_thought = not self._is_thought
            if self._is_thought:  # the opening tag itself, which must not be found once more
                yield True, OPENING
                self._waiting = self._waiting.removeprefix(OPENING)
        held = _held_back(self._waiting, tag)
        ready, self._waiting = self._waiting[: len(self._waiting) - held], self._waiting[len(self._waiting) - held :]
        if ready:
            yield self._is_thought, ready

    def end(self) -> Iterator[tuple[bool, str]]:
        """Yield what still waits."""
        if self._waiting:
            yield self._is_thought, self._waiting
        self._waiting = ""


def _held_back(text: str, tag: str) -> int:
    """Count how many characters at the end of `text` may be the start of `tag`."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
