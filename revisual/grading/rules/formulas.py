r"""Reads a formula: recursive descent over tokens, within a depth.

sum     := ["+" | "-" | "±"] product (("+" | "-" | "±") product)*
product := power (("*" | "/" | nothing) power)*
power   := atom ("^" atom | "!" | "%" | degree | "_" subscript | "'")*
"""

from revisual.grading.rules.formula_commands import CommandParser
from revisual.grading.rules.lexer import Token
from revisual.grading.rules.names import read_number
from revisual.grading.rules.quantities import join_quantities
from revisual.grading.rules.tree import Apply, Matrix, Number, Symbol, Tree, Unit, Unreadable, negate
from revisual.grading.rules.vocabulary import FUNCTIONS, GREEK, MONEY, STARTS, TRANSPARENT

MAX_DEPTH = 60
_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
_OPENERS = frozenset(_CLOSING)
_TIMES = frozenset({"*", r"\cdot", r"\times", r"\ast"})
_DIVIDE = frozenset({"/", r"\div", ":"})
_SIGNS = {"+": "+", "-": "-", r"\pm": "±", r"\mp": "∓"}


class FormulaParser(CommandParser):
    """One pass over the tokens of one formula."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.depth = 0

    def read(self) -> Tree:
        """Return the whole formula.

        Raises:
            Unreadable: the tokens are no formula.
        """
        tree = self._parse_fraction_by_over(self._parse_sum())
        if self.at < len(self.tokens):
            raise Unreadable(f"{self.tokens[self.at].text!r} was not expected")
        return tree

    def _parse_fraction_by_over(self, top: Tree) -> Tree:
        r"""Read the denominator of `{1 \over 2}`, if what was read is a numerator."""
        if self._peek_text() != r"\over":
            return top
        self.at += 1
        return Apply("/", (top, self._parse_sum()))

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
            if token.kind == "number" and isinstance(factors[-1], Unit) and len(factors) > 1:
                return self._parse_compound(Apply("*", tuple(factors)))
            if token.text in _TIMES:
                self.at += 1
                factors.append(self._parse_signed_power())
            elif token.text in _DIVIDE:
                self.at += 1
                factors = [self._parse_quotient(factors[0] if len(factors) == 1 else Apply("*", tuple(factors)))]
            elif token.text in (r"\bmod", r"\mod"):
                self.at += 1
                factors = [Apply("mod", (Apply("*", tuple(factors)), self._parse_power()))]
            elif self._starts_factor(token):
                self._parse_factor(factors, token)
            else:
                break
        return factors[0] if len(factors) == 1 else Apply("*", tuple(factors))

    def _parse_compound(self, larger: Tree) -> Tree:
        """Read the smaller part of a quantity in two units: the minutes of 2 hours 30 minutes."""
        smaller = self._parse_product()
        joined = join_quantities((larger, smaller))
        if joined is None:
            raise Unreadable("two quantities beside each other")
        return joined

    def _parse_quotient(self, top: Tree) -> Tree:
        """Read what stands behind a slash; a percent or degree sign behind two numbers belongs to their quotient."""
        bottom = self._parse_signed_power(with_units=False)
        if isinstance(top, Number) and isinstance(bottom, Number):
            return self._parse_suffixes(Apply("/", (top, bottom)))
        return Apply("/", (top, self._parse_suffixes(bottom)))

    def _parse_factor(self, factors: list[Tree], token: Token) -> None:
        """Read a factor that stands beside the last one: a product, or the fraction of a mixed number."""
        last = factors[-1]
        is_whole = isinstance(last, Number) and last.places is None
        if is_whole and token.text == r"\frac":
            fraction = self._parse_atom()
            if _is_fraction(fraction) and self._peek_text() != "^":
                factors[-1] = self._parse_suffixes(Apply("+", (last, fraction)))
            else:
                factors.append(self._parse_suffixes(fraction))
        elif isinstance(last, Number) and token.kind == "number":
            factors[-1] = self._parse_mixed(last, is_whole and token.spaced)
        else:
            factor = self._parse_power()
            if isinstance(last, Number) and isinstance(factor, Number):
                raise Unreadable("two numbers beside each other")
            factors.append(factor)

    def _parse_mixed(self, whole: Number, is_possible: bool) -> Tree:
        """Read the fraction of a mixed number that is written with a slash; its suffixes belong to the whole of it."""
        top = self._parse_atom()
        if not is_possible or self._peek_text() != "/":
            raise Unreadable("two numbers beside each other")
        self.at += 1
        bottom = self._parse_atom()
        if not isinstance(bottom, Number):
            raise Unreadable("a mixed number without a denominator")
        return self._parse_suffixes(Apply("+", (whole, Apply("/", (top, bottom)))))

    def _starts_factor(self, token: Token) -> bool:
        if token.kind in ("number", "word", "text"):
            return True
        if token.kind == "command":
            name = token.text[1:]
            return name in STARTS or name in FUNCTIONS or name in GREEK or name in TRANSPARENT or name in MONEY
        return token.text in ("(", "[", "{") or (token.text == "|" and self._bar_opens())

    def _bar_opens(self) -> bool:
        return sum(t.text == "|" for t in self.tokens[self.at :]) % 2 == 0

    def _parse_signed_power(self, with_units: bool = True) -> Tree:
        """Read a power that may have a sign."""
        if self._peek_text() in ("-", "+"):
            sign = self._take().text
            return negate(self._parse_power(with_units)) if sign == "-" else self._parse_power(with_units)
        return self._parse_power(with_units)

    def _parse_power(self, with_units: bool = True) -> Tree:
        """Read an atom with what stands behind it; percent and degree signs only on demand."""
        return self._parse_suffixes(self._parse_atom(), with_units)

    def _parse_suffixes(self, tree: Tree, with_units: bool = True) -> Tree:
        """Read exponents, factorials, units and indices of a tree."""
        while (token := self._peek()) is not None:
            if token.text == "^":
                self.at += 1
                tree = self._parse_exponent(tree)
            elif token.text == "!":
                self.at += 1
                tree = Apply("!", (tree,))
            elif token.text == "%" and with_units:
                self.at += 1
                tree = Apply("*", (tree, Unit("percent")))
            elif token.text == r"\degree" and with_units:
                self.at += 1
                tree = Apply("*", (tree, Unit(self._parse_degree())))
            elif token.text == "_":
                tree = self._parse_subscript(tree)
            elif token.text in ("'", r"\prime") and isinstance(tree, Symbol):
                self.at += 1
                tree = Symbol(tree.name + "'")
            else:
                break
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
            inner = self._parse_fraction_by_over(self._parse_sum())
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


def _is_fraction(tree: Tree) -> bool:
    """Return whether a tree is a quotient of two plain numbers."""
    return isinstance(tree, Apply) and tree.head == "/" and all(isinstance(part, Number) for part in tree.parts)


def _join_signs(first: str, second: str) -> str:
    if "+" in (first, second):
        return second if first == "+" else first
    if first == second == "-":
        return "+"
    return {"±": "∓", "∓": "±"}.get(second if first == "-" else first, "±")


def parse_formula(tokens: list[Token]) -> Tree:
    """Return the tree of a formula.

    Raises:
        Unreadable: the tokens are no formula.
    """
    return FormulaParser(tokens).read()
