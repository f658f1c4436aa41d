r"""Reads a formula: recursive descent over tokens, within a depth.

sum     := ["+" | "-" | "±"] product (("+" | "-" | "±") product)*
product := power (("*" | "/" | nothing) power)*
power   := atom ("^" atom | "!" | "%" | degree | "_" subscript | "'")*
"""

from revisual.grading.rules.cursor import Cursor
from revisual.grading.rules.lexer import Token
from revisual.grading.rules.names import POWERS, raise_unit, read_noun, read_number
from revisual.grading.rules.tree import ONE, Apply, Matrix, Number, Symbol, Tree, Unit, Unreadable, integer, negate
from revisual.grading.rules.units import SHORT, is_known, normalize_unit
from revisual.grading.rules.vocabulary import FUNCTIONS, GREEK, PREFIXES, STARTS, TRANSPARENT

MAX_DEPTH = 60
_MONEY = frozenset({"dollar", "euro", "pound", "yuan", "cent", "rupee"})
_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
_OPENERS = frozenset(_CLOSING)
_TIMES = frozenset({"*", r"\cdot", r"\times", r"\ast"})
_DIVIDE = frozenset({"/", r"\div", ":"})
_SIGNS = {"+": "+", "-": "-", r"\pm": "±", r"\mp": "∓"}


class FormulaParser(Cursor):
    """One pass over the tokens of one formula."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.depth = 0

    def read(self) -> Tree:
        """The whole formula.

        Raises:
            Unreadable: the tokens are no formula.
        """
        tree = self._parse_sum()
        if self.at < len(self.tokens):
            raise Unreadable(f"{self.tokens[self.at].text!r} was not expected")
        return tree

    def _parse_sum(self, end: str = "") -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("nested too deeply")
        terms: list[Tree] = []
        while True:
            sign = "+"
            while self._peek_text() in _SIGNS:
                sign = _join_signs(sign, _SIGNS[self._take().text])
            term = self._parse_product(end)
            terms.append(term if sign == "+" else negate(term) if sign == "-" else Apply(sign, (term,)))
            if self._peek_text() not in _SIGNS:
                break
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Apply("+", tuple(terms))

    def _parse_product(self, end: str = "") -> Tree:
        factors = [self._parse_power()]
        while (token := self._peek()) is not None and token.text != end:
            if token.text in _TIMES:
                self.at += 1
                factors.append(self._parse_signed_power())
            elif token.text in _DIVIDE:
                self.at += 1
                top = factors[0] if len(factors) == 1 else Apply("*", tuple(factors))
                factors = [Apply("/", (top, self._parse_signed_power()))]
            elif token.text in (r"\bmod", r"\mod"):
                self.at += 1
                factors = [Apply("mod", (Apply("*", tuple(factors)), self._parse_power()))]
            elif self._starts_factor(token):
                self._parse_factor(factors, token)
            else:
                break
        return factors[0] if len(factors) == 1 else Apply("*", tuple(factors))

    def _parse_factor(self, factors: list[Tree], token: Token) -> None:
        """Takes a factor that stands beside the last one: a product, or the fraction of a mixed number."""
        last = factors[-1]
        whole = isinstance(last, Number) and last.places is None
        factor = self._parse_power()
        fraction = isinstance(factor, Apply) and factor.head == "/" and all(isinstance(p, Number) for p in factor.parts)
        if whole and fraction and token.text == r"\frac":
            factors[-1] = Apply("+", (last, factor))
        elif isinstance(last, Number) and isinstance(factor, Number):
            if not (whole and token.spaced and self._peek_text() == "/"):
                raise Unreadable("two numbers beside each other")
            self.at += 1
            factors[-1] = Apply("+", (last, Apply("/", (factor, self._parse_power()))))
        else:
            factors.append(factor)

    def _starts_factor(self, token: Token) -> bool:
        if token.kind in ("number", "word", "text"):
            return True
        if token.kind == "command":
            name = token.text[1:]
            return name in STARTS or name in FUNCTIONS or name in GREEK or name in TRANSPARENT or name in _MONEY
        return token.text in ("(", "[", "{") or (token.text == "|" and self._bar_opens())

    def _bar_opens(self) -> bool:
        return sum(t.text == "|" for t in self.tokens[self.at :]) % 2 == 0

    def _parse_signed_power(self) -> Tree:
        if self._peek_text() in ("-", "+"):
            sign = self._take().text
            return negate(self._parse_power()) if sign == "-" else self._parse_power()
        return self._parse_power()

    def _parse_power(self) -> Tree:
        tree = self._parse_atom()
        while (token := self._peek()) is not None:
            if token.text == "^":
                self.at += 1
                tree = self._parse_exponent(tree)
            elif token.text == "!":
                self.at += 1
                tree = Apply("!", (tree,))
            elif token.text == "%":
                self.at += 1
                tree = Apply("*", (tree, Unit("percent")))
            elif token.text == r"\degree":
                self.at += 1
                tree = Apply("*", (tree, Unit(self._parse_degree())))
            elif token.text == "_":
                tree = self._parse_subscript(tree)
            elif token.text in ("'", r"\prime") and isinstance(tree, Symbol):
                self.at += 1
                tree = Symbol(tree.name + "'")
            else:
                return tree
        return tree

    def _parse_degree(self) -> str:
        if self._peek_text() in ("C", "F", "T"):
            return {"C": "celsius", "F": "fahrenheit", "T": "degree"}[self._take().text]
        return "degree"

    def _parse_exponent(self, tree: Tree) -> Tree:
        if self._peek_text() in ("'", r"\prime"):
            self.at += 1
            return tree
        if (
            self._peek_text() == "{"
            and self.at + 2 < len(self.tokens)
            and self.tokens[self.at + 1].text in (r"\prime", "'")
        ):
            self.at += 3
            return tree
        sign = self._take().text if self._peek_text() in ("-", "+") else "+"
        exponent = self._parse_power() if self._peek_text() not in ("{", "(") else self._parse_atom()
        if isinstance(exponent, Symbol) and exponent.name in ("T", "top") and isinstance(tree, Matrix):
            return Apply("transpose", (tree,))
        return Apply("^", (tree, negate(exponent) if sign == "-" else exponent))

    def _parse_subscript(self, tree: Tree) -> Tree:
        self.at += 1
        inside = self._take_braced() if self._peek_text() == "{" else [self._take()]
        label = "".join(token.text for token in inside)
        if isinstance(tree, Symbol):
            return Symbol(f"{tree.name}_{label}")
        if isinstance(tree, Number) and label.isdigit():
            return Apply("*", (tree, Unit(f"base {int(label)}")))
        raise Unreadable("a subscript of something that has none")

    def _parse_atom(self) -> Tree:
        token = self._take()
        if token.kind == "number":
            return read_number(token.text)
        if token.text in _OPENERS:
            inner = self._parse_sum()
            if self._peek_text() == r"\choose":
                self.at += 1
                inner = Apply("binom", (inner, self._parse_sum()))
            self._expect(_CLOSING[token.text])
            return (
                Apply({"\\lfloor": "floor", "\\lceil": "ceil"}[token.text], (inner,)) if "\\l" in token.text else inner
            )
        if token.text in ("|", r"\lvert", r"\vert"):
            inner = self._parse_sum("|")
            self._take()
            return Apply("abs", (inner,))
        if token.kind == "text":
            return self._parse_noun(token.text)
        if token.kind == "word":
            return self._parse_word(token)
        if token.kind == "command":
            return self._parse_command(token.text[1:])
        raise Unreadable(f"{token.text!r} starts no formula")

    def _parse_word(self, token: Token) -> Tree:
        """Letters outside of a text command: a function, a unit, symbols beside each other, or a noun."""
        word = token.text
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
        if word in SHORT or normalize_unit(word) in _MONEY or ((follows_number or token.spaced) and is_known(word)):
            return Unit(normalize_unit(word))
        if len(word) <= 3 or (len(word) <= 6 and word.isupper()):
            return Apply("*", tuple(Symbol(letter) for letter in word))
        return self._parse_noun(word)

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
        if token.text == "m" and before is not None and before.kind == "number" and self._peek_text() == "^":
            return Unit("m")
        if self._peek_text() == "(" and len(self.tokens) > self.at + 2 and self.tokens[self.at + 2].text == ")":
            argument = self.tokens[self.at + 1]
            if argument.kind == "word" and len(argument.text) == 1:
                self.at += 3
                return Apply("of", (Symbol(token.text), Symbol(argument.text)))
        alone = self._peek() is None or self._peek_text() in ("^", "/")
        if token.text == "m" and follows_number and alone and sum(len(t.text) == 1 for t in self._list_words()) == 1:
            return Unit("m")
        if token.spaced and follows_number and alone and token.text in "mgshlL":
            return Unit(normalize_unit(token.text))
        return Symbol(token.text)

    def _parse_command(self, name: str) -> Tree:
        if name == "frac":
            top, bottom = self._parse_argument(), self._parse_argument()
            return Apply("/", (top, bottom))
        if name == "sqrt":
            return self._parse_root()
        if name in FUNCTIONS:
            return self._parse_call(name)
        if name in GREEK or name == "pi":
            return Symbol(name)
        if name == "infty":
            return Symbol("infinity")
        if name in _MONEY:
            return Unit(normalize_unit(name))
        if name in TRANSPARENT:
            return self._parse_argument()
        if name == "binom":
            return Apply("binom", (self._parse_argument(), self._parse_argument()))
        if name == "overline":
            return self._parse_overlined()
        if name in ("sum", "prod"):
            return self._parse_series(name)
        if name == "begin":
            return self._parse_matrix()
        if name in ("angle", "triangle"):
            return self._parse_atom()
        if name == "degree":
            return Unit("degree")
        raise Unreadable(f"\\{name} is not known")

    def _parse_argument(self) -> Tree:
        r"""What a command is applied to: a group, or one token, of a number its first digit (`\frac12`)."""
        token = self._peek()
        if token is not None and token.kind == "number" and len(token.text) > 1:
            rest = Token("number", token.text[1:], False)
            self.tokens = [
                *self.tokens[: self.at],
                Token("number", token.text[0], False),
                rest,
                *self.tokens[self.at + 1 :],
            ]
        if token is not None and token.text == "-":
            return self._parse_signed_power()
        return self._parse_atom()

    def _parse_root(self) -> Tree:
        degree: Tree | None = None
        if self._peek_text() == "[":
            self.at += 1
            degree = self._parse_sum("]")
            self._expect("]")
        # A root over bare digits holds all of them: \sqrt 12 is meant as \sqrt{12}.
        token = self._peek()
        inside = (
            read_number(self._take().text) if token is not None and token.kind == "number" else self._parse_argument()
        )
        return Apply("root", (degree or integer(2), inside))

    def _parse_call(self, name: str) -> Tree:
        if name in ("sqrt",):
            return Apply("root", (integer(2), self._parse_atom()))
        exponent: Tree | None = None
        base: Tree | None = None
        while self._peek_text() in ("^", "_"):
            mark = self._take().text
            argument = self._parse_signed_power() if self._peek_text() == "-" else self._parse_argument()
            exponent, base = (argument, base) if mark == "^" else (exponent, argument)
        applied = Apply(name, (*self._parse_operand(), *((base,) if base is not None else ())))
        if exponent is None:
            return applied
        if exponent == negate(ONE):
            return Apply("arc" + name, applied.parts)
        return Apply("^", (applied, exponent))

    def _parse_operand(self) -> tuple[Tree, ...]:
        r"""What a function is applied to: a bracket, or the factors up to the next sign or function (`\sin 2x`)."""
        if self._peek_text() == "(":
            self.at += 1
            operands = [self._parse_sum()]
            while self._peek_text() == ",":
                self.at += 1
                operands.append(self._parse_sum())
            self._expect(")")
            return tuple(operands)
        factors = [self._parse_power()]
        while (token := self._peek()) is not None and self._starts_factor(token) and token.text != "(":
            if token.text.lstrip("\\") in FUNCTIONS or token.kind == "text":
                break
            factors.append(self._parse_power())
        return (factors[0] if len(factors) == 1 else Apply("*", tuple(factors)),)

    def _parse_overlined(self) -> Tree:
        r"""`\overline{AB}`: a segment; the overlined end of a decimal is handled before (`2.\overline{3}`)."""
        return self._parse_argument()

    def _parse_series(self, name: str) -> Tree:
        self._expect("_")
        lower = self._take_braced() if self._peek_text() == "{" else [self._take()]
        if len(lower) < 3 or lower[1].text != "=":
            raise Unreadable("a sum without bounds")
        first = FormulaParser(lower[2:]).read()
        self._expect("^")
        last = self._parse_argument()
        return Apply(name, (Symbol(lower[0].text), first, last, self._parse_product()))

    def _parse_matrix(self) -> Tree:
        kind = "".join(token.text for token in self._take_braced())
        if kind == "array" and self._peek_text() == "{":
            self._take_braced()
        rows: list[list[Tree]] = [[]]
        while self._peek_text() != r"\end":
            if self._peek_text() == r"\\":
                self.at += 1
                if self._peek_text() != r"\end":
                    rows.append([])
            elif self._peek_text() == "&":
                self.at += 1
            else:
                rows[-1].append(self._parse_sum())
        self.at += 1
        self._take_braced()
        if len({len(row) for row in rows}) != 1 or not rows[0]:
            raise Unreadable("rows of different lengths")
        matrix = Matrix(tuple(tuple(row) for row in rows))
        return Apply("det", (matrix,)) if kind == "vmatrix" else matrix


def _join_signs(first: str, second: str) -> str:
    if "+" in (first, second):
        return second if first == "+" else first
    if first == second == "-":
        return "+"
    return {"±": "∓", "∓": "±"}.get(second if first == "-" else first, "±")


def parse_formula(tokens: list[Token]) -> Tree:
    """The tree of a formula.

    Raises:
        Unreadable: the tokens are no formula.
    """
    return FormulaParser(tokens).read()
