"""The names that the reader of formulas knows."""

FUNCTIONS = frozenset({
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "arccot", "ln", "log", "lg", "exp",
    "sinh", "cosh", "tanh", "gcd", "lcm", "max", "min", "det",
})  # fmt: skip
"""Functions of one or more arguments."""
GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega", "Gamma",
    "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega", "ell",
})  # fmt: skip
"""Letters that stand for themselves."""
TRANSPARENT = frozenset({
    "mathbf", "mathbb", "mathcal", "boldsymbol", "mathit", "mathsf", "vec", "overrightarrow", "hat", "bar",
    "widehat", "tilde", "underline", "overarc",
})  # fmt: skip
"""Commands that only change how their argument looks."""
STARTS = frozenset({
    "frac", "sqrt", "pi", "infty", "binom", "overline", "sum", "prod", "begin", "lfloor", "lceil", "angle",
    "triangle", "degree", "lvert",
})  # fmt: skip
"""Commands that a factor may start with."""
COMMANDS = frozenset({
    "frac", "sqrt", "cdot", "times", "div", "pm", "mp", "le", "ge", "ne", "in", "notin", "cup", "cap", "infty",
    "pi", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "ln", "log", "lg", "exp", "sinh",
    "cosh", "tanh", "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta",
    "iota", "kappa", "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi",
    "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega", "binom", "choose",
    "begin", "end", "text", "mathrm", "mathbf", "mathbb", "mathcal", "boldsymbol", "overline", "bar", "vec",
    "overrightarrow", "hat", "sum", "prod", "lim", "int", "degree", "mid", "setminus", "emptyset", "lfloor",
    "rfloor", "lceil", "rceil", "mod", "pmod", "bmod", "approx", "ldots", "cdots", "dots", "angle", "triangle",
    "to", "dollar", "euro", "pound", "yuan", "cent", "unit", "det", "ell", "prime", "circ", "ast", "sim", "backsim",
    "cong", "parallel", "perp", "because", "therefore", "mathit", "mathsf", "quad", "qquad", "operatorname", "land",
    "lor", "forall", "exists", "Rightarrow", "rightarrow", "iff", "neg", "subset", "subseteq", "equiv", "max",
    "min", "gcd", "deg", "lcm", "arg", "star", "bullet", "square", "colon", "lvert", "rvert", "vert", "widehat",
    "tilde", "underline", "overarc", "wedge", "vee", "arccot", "iint", "oint", "partial", "nabla",
    "over", "rupee", "won", "ruble", "peso", "intercal", "top", "implies",
})  # fmt: skip
"""Commands that may have letters glued to them."""
MONEY = frozenset({"dollar", "euro", "pound", "yuan", "cent", "rupee", "won", "ruble", "peso"})
"""Currencies that have a command or a sign of their own."""
PREFIXES = frozenset({"about", "approximately", "approx", "around", "exactly", "roughly", "only", "day", "total"})
"""Words that change nothing before a number; others ("at least", "negative") do."""
