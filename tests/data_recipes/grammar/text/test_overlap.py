from revisual.data_recipes.grammar.text.canonical import canonical
from revisual.data_recipes.grammar.text.overlap import OverlapIndex


def test_the_index_finds_what_shares_most():
    known = [
        canonical(f"What is the {word} of {n} and {n + 1} in base ten?")
        for word in ("sum", "product")
        for n in range(20, 40)
    ]
    index = OverlapIndex(known)
    place, share = index.candidates(canonical("WHAT IS THE PRODUCT OF 25 and twenty-six in base 10?"))[0]
    assert (place, round(share, 6)) == (25, 1.0)
    assert index.candidates(canonical("Name a colour.")) == []
    assert OverlapIndex([]).candidates(canonical("anything")) == []
