import pytest

from revisual.report.marks import Series, thin


def test_thin_keeps_few_points_in_order():
    points = [(i, (i * 7919) % 101) for i in range(1000)]
    kept = thin(points, columns=10)
    assert len(kept) <= 40 and kept == sorted(kept) and kept[0] == points[0] and kept[-1] == points[-1]
    assert thin(points[:40], columns=10) == points[:40]


def test_series_that_cannot_be():
    with pytest.raises(ValueError, match="differ in length"):
        Series("a", [0, 1], [0])
    with pytest.raises(ValueError, match="both low and high"):
        Series("a", [0], [0], low=[0])
