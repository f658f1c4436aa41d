"""Computer algebra, for what the fast rules leave undecided: sympy, on trees that the project's own reader made."""
