"""Commands inside a formula: fractions, roots, functions, sums over an index, matrices."""

from abc import abstractmethod

from revisual.grading.rules.formula_names import NameParser
from revisual.grading.rules.lexer import Token
from revisual.grading.rules.names import read_number
from revisual.grading.rules.tree import ONE, Apply, Matrix, Symbol, Tree, Unit, Unreadable, integer, negate
from revisual.grading.rules.units import normalize_unit
from revisual.grading.rules.vocabulary import FUNCTIONS, GREEK, MONEY, TRANSPARENT


class CommandParser(NameParser):
    """Reads a command and its arguments."""

    @abstractmethod
    def read(self) -> Tree:
        """Read all tokens as one formula."""

    @abstractmethod
    def _parse_sum(self, end: str = "") -> Tree:
        """Read terms joined by signs."""

    @abstractmethod
    def _parse_product(self, end: str = "") -> Tree:
        """Read factors."""

    @abstractmethod
    def _parse_power(self, with_units: bool = True) -> Tree:
        """Read an atom with what stands behind it: exponents, factorials, units."""

    @abstractmethod
    def _parse_signed_power(self, with_units: bool = True) -> Tree:
        """Read a power that may have a sign."""

    @abstractmethod
    def _parse_atom(self) -> Tree:
        """Read a number, a name, a command or a bracket."""

    @abstractmethod
    def _starts_factor(self, token: Token) -> bool:
        """Return whether a token may begin another factor."""

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
        if name in MONEY:
            return Unit(normalize_unit(name))
        if name in TRANSPARENT:
            return self._parse_argument()
        if name == "binom":
            return Apply("binom", (self._parse_argument(), self._parse_argument()))
        if name == "overline":
            return self._parse_argument()
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
        r"""Parse a command's argument: a group, or one token, of a number its first digit (`\frac12`)."""
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
        r"""Parse a function's operand: a bracket, or the factors up to the next sign or function (`\sin 2x`)."""
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

    def _parse_series(self, name: str) -> Tree:
        self._expect("_")
        lower = self._take_braced() if self._peek_text() == "{" else [self._take()]
        if len(lower) < 3 or lower[1].text != "=":
            raise Unreadable("a sum without bounds")
        first = type(self)(lower[2:]).read()
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
