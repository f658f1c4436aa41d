from revisual.data_recipes.grammar.topics.embedders import words


def test_words():
    assert words(r"Find $\sin 30$, $\frac{1}{2}$ of 4 apples") == ["find", "sin", "apples"]
