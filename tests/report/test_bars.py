import pytest

from revisual.report.bars import bar_chart


def test_bars_are_as_long_as_their_counts():
    chart = str(bar_chart("Counts", {"a": 10, "b": 5, "<c>": 0}))
    widths = [float(part.split('"')[0]) for part in chart.split('width="')[1:]]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.1) and widths[2] == 1
    assert "&lt;c&gt;: 0" in chart and "no data" in str(bar_chart("None", {}))
