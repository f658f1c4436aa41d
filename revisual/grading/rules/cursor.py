"""A position in a list of tokens."""

from revisual.grading.rules.lexer import Token
from revisual.grading.rules.tree import Unreadable


class Cursor:
    """Takes tokens one after the other."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _peek_text(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def _take(self) -> Token:
        if self.at >= len(self.tokens):
            raise Unreadable("the formula ends too soon")
        self.at += 1
        return self.tokens[self.at - 1]

    def _expect(self, text: str) -> None:
        if self._take().text != text:
            raise Unreadable(f"{text!r} is missing")

    def _take_braced(self) -> list[Token]:
        self._expect("{")
        start, open_braces = self.at, 1
        while open_braces:
            text = self._take().text
            open_braces += (text == "{") - (text == "}")
        return self.tokens[start : self.at - 1]

    def _list_words(self) -> list[Token]:
        return [token for token in self.tokens if token.kind == "word"]
