"""Bar charts as inline SVG, with the look of the other charts."""

from collections.abc import Mapping

from revisual.report.chart import CHARACTER
from revisual.report.formats import write_count
from revisual.report.html import Element, element

ROW = 18
WIDTH = 420
MOST_LETTERS = 34


def bar_chart(title: str, counts: Mapping[str, int], color: int = 0) -> Element:
    """Draw a bar per name, one below the other, with its count.

    Example: `bar_chart("Samples by source", {"gsm8k": 7473, "math": 7472})`
    """
    names = [name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…" for name in counts]
    left = 8 + CHARACTER * max(map(len, names), default=0)
    room = WIDTH - left - 52
    most = max(counts.values(), default=0) or 1
    marks = []
    for place, (name, shown, count) in enumerate(zip(counts, names, counts.values(), strict=True)):
        y = ROW * place
        bar = element(
            "rect", element("title", f"{name}: {count:,}"), x=left, y=y + 3, width=max(1.0, room * count / most),
            height=ROW - 6, class_="dot",
        )  # fmt: skip
        marks += [
            element("text", shown, x=left - 6, y=y + 13, class_="tick y"),
            element("g", bar, class_=f"series c{color}"),
            element("text", write_count(count), x=left + room * count / most + 24, y=y + 13, class_="tick"),
        ]
    if not marks:
        marks = [element("text", "no data", x=WIDTH / 2, y=14, class_="empty")]
    height = max(ROW, ROW * len(names)) + 4
    svg = element("svg", *marks, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=title)
    return element("figure", element("figcaption", title), svg, class_="chart")
