import math

import pytest

from revisual.report.formats import COUNT, DURATION, MEMORY, NUMBER, PERCENT, label


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (NUMBER, None, "-"),
        (NUMBER, math.nan, "-"),
        (NUMBER, math.inf, "∞"),
        (NUMBER, -math.inf, "−∞"),
        (NUMBER, 0, "0"),
        (NUMBER, 0.1, "0.1"),
        (NUMBER, 0.12345, "0.123"),
        (NUMBER, -12.345, "−12.3"),
        (NUMBER, 999.96, "1,000"),
        (NUMBER, 1234567, "1,234,567"),
        (NUMBER, 100, "100"),
        (NUMBER, 0.001, "0.001"),
        (NUMBER, 1e-6, "1.00e−06"),
        (PERCENT, 0.625, "62.5%"),
        (PERCENT, 1, "100.0%"),
        (COUNT, 950, "950"),
        (COUNT, 999_990, "1 M"),
        (COUNT, 12_300, "12.3 k"),
        (DURATION, 0, "0.0 s"),
        (DURATION, 59.97, "1 min 00 s"),
        (DURATION, 3599.7, "1 h 00 min"),
        (DURATION, 11_520, "3 h 12 min"),
        (MEMORY, 812, "812 MiB"),
        (MEMORY, 21_914, "21.4 GiB"),
    ],
)
def test_values(form, value, text):
    assert form.write(value) == text


@pytest.mark.parametrize(
    ("change", "text"), [(0.125, "+12.5 pp"), (-0.031, "−3.1 pp"), (0.0001, "±0"), (0, "±0"), (math.nan, "-")]
)
def test_changes(change, text):
    assert PERCENT.write_change(change) == text


def test_intervals():
    assert PERCENT.write_interval(0.5, 0.45, 0.55) == "±5.0 pp"
    assert PERCENT.write_interval(0.1, 0.07, 0.16) == "7.0%–16.0%"
    assert NUMBER.write_interval(2.0, 1.5, 2.5) == "±0.5"


def test_label():
    assert [label(name) for name in ("multimodal_rl", "base", "", "kl_loss")] == [
        "Multimodal RL",
        "Base",
        "",
        "KL loss",
    ]
