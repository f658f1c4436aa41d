"""Letters and words inside a formula: functions, constants, units, variables and nouns."""

from abc import ABC, abstractmethod

from revisual.grading.rules.cursor import Cursor
from revisual.grading.rules.lexer import Token
from revisual.grading.rules.names import POWERS, raise_unit, read_noun
from revisual.grading.rules.tree import Apply, Symbol, Tree, Unit, Unreadable
from revisual.grading.rules.units import SHORT, is_known, normalize_unit
from revisual.grading.rules.vocabulary import FUNCTIONS, GREEK, MONEY, PREFIXES


class NameParser(Cursor, ABC):
    """Reads what is written in letters."""

    @abstractmethod
    def _parse_call(self, name: str) -> Tree:
        """Read what a function is applied to."""

    def _parse_word(self, token: Token) -> Tree:
        """Parse letters outside of a text command: a function, a unit, symbols beside each other, or a noun."""
        word = token.text
        if word == "min" and self.at > 1 and self._peek_text() not in ("(", "_", "{"):
            return Unit("min")
        if word in FUNCTIONS or word in ("sqrt", "abs"):
            return self._parse_call(word)
        if word in ("pi", "infty", "infinity", "inf", "oo", "Infinity"):
            return Symbol("pi" if word == "pi" else "infinity")
        if word in GREEK:
            return Symbol(word)
        if not word.isascii():
            return self._parse_noun(word)
        if len(word) == 1:
            return self._parse_letter(token)
        follows_number = self.at > 1 and self.tokens[self.at - 2].kind == "number"
        if word in SHORT or normalize_unit(word) in MONEY or ((follows_number or token.spaced) and is_known(word)):
            return Unit(normalize_unit(word))
        if len(word) <= 3 or (len(word) <= 6 and word.isupper()):
            return self._parse_letters(token)
        return self._parse_noun(word)

    def _parse_letters(self, token: Token) -> Tree:
        """Read letters beside each other as a product; what stands behind small ones belongs to the last: `xy^2`."""
        letters = token.text
        if letters.islower() and self._peek_text() in ("^", "_", "!", "'"):
            last = Token("word", letters[-1], False)
            self.tokens = [*self.tokens[: self.at], last, *self.tokens[self.at :]]
            letters = letters[:-1]
        parts = tuple(Symbol(letter) for letter in letters)
        return parts[0] if len(parts) == 1 else Apply("*", parts)

    def _after_number(self) -> bool:
        return any(token.kind == "number" or token.text in ("}", ")") for token in self.tokens[: self.at])

    def _parse_noun(self, word: str) -> Tree:
        following = self._peek()
        if word in FUNCTIONS and self._peek_text() == "(":
            return self._parse_call(word)
        if normalize_unit(word) in POWERS and following is not None and following.kind in ("text", "word"):
            return raise_unit(word, self._take().text)
        if following is not None and not self._after_number() and not (is_known(word) or word.lower() in PREFIXES):
            raise Unreadable(f"{word!r} before a number")
        return read_noun(word)

    def _parse_letter(self, token: Token) -> Tree:
        before = self.tokens[self.at - 2] if self.at > 1 else None
        follows_number = before is not None and (before.kind == "number" or before.text in ("}", ")"))
        if token.text == "m" and follows_number and any(other.text == "h" for other in self.tokens[: self.at]):
            return Unit("min")
        if token.text == "m" and before is not None and before.kind == "number" and self._peek_text() == "^":
            return Unit("m")
        if self._peek_text() == "(" and len(self.tokens) > self.at + 2 and self.tokens[self.at + 2].text == ")":
            argument = self.tokens[self.at + 1]
            if argument.kind == "word" and len(argument.text) == 1:
                self.at += 3
                return Apply("of", (Symbol(token.text), Symbol(argument.text)))
        following = self._peek()
        alone = following is None or following.text in ("^", "/") or following.kind == "number"
        if token.text == "m" and follows_number and alone and sum(len(t.text) == 1 for t in self._list_words()) == 1:
            return Unit("m")
        if token.spaced and follows_number and alone and token.text in "mgshlL":
            return Unit(normalize_unit(token.text))
        if token.text in "hm" and follows_number and following is not None and following.kind == "number":
            return Unit(normalize_unit(token.text))
        if token.text in "NJWVAK" and token.spaced and len(self.tokens) == 2 and follows_number:
            return Unit(normalize_unit(token.text))
        return Symbol(token.text)
