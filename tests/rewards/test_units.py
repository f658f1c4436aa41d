from revisual.rewards.units import unit, units_differ, without_unit


def test_unit():
    assert unit("12 cm^2") == ("cm", "2")
    assert unit("5 metres") == unit("5 m") == ("m", "1")
    assert unit("3 hours") == unit("3 h")
    assert unit("5") is None
    assert unit("5x") is None


def test_without_unit():
    assert without_unit("18 dollars") == "18"
    assert without_unit("18") == "18"
    assert without_unit("18 or 19") == "18 or 19"


def test_units_differ():
    assert units_differ("5 cm", "5 m")
    assert units_differ("5 cm", "5 cm^2")
    assert not units_differ("5 cm", "5")
