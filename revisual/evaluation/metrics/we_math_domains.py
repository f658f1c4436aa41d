"""We-Math's twelve domains and 67 concepts (data/knowledge_structure_nodes.json of We-Math/We-Math at eb6e685)."""

from collections.abc import Mapping, Sequence

from revisual.evaluation.metrics.figures import Figure
from revisual.evaluation.metrics.problems import Problem, ratio_figure


def _each(before: str, *things: str) -> tuple[str, ...]:
    return tuple(f"{before} {thing}" for thing in things)


DOMAINS: Mapping[str, Sequence[str]] = {
    "Understanding and Conversion of Units": _each(
        "Conversion Rates and Calculations Between",
        *("Area Units", "Volume Units (Including Liters and Milliliters)", "Length Units"),
    ),
    "Angles and Length": _each("Understanding", "Angles (Using a Protractor)", "Length (Using a Ruler)"),
    "Calculation of Plane Figures": (
        *_each("Sum of Interior Angles of", "Other Polygons", "Triangles"),
        *("Calculation and Comparison of Angles", "Circumference of Circles"),
        *_each("Area of", "Parallelograms", "Triangles", "Sectors", "Trapezoids", "Circles", "Rectangles", "Squares"),
        *_each("Perimeter of", "Parallelograms", "Triangles", "Trapezoids", "Rectangles", "Squares"),
    ),
    "Understanding of Plane Figures": (
        *_each("Properties and Understanding of", "Parallelograms", "Triangles", "Trapezoids", "Rectangles", "Squares"),
        *_each("Understanding", "Triangular Rulers", "and Representing Angles", "Line Segments, Lines, and Rays"),
        *_each("Understanding", "Sectors", "Circles"),
        *("Distance Between Two Points", "perpendicularity", "Parallel", "Observing Figures"),
    ),
    "Calculation of Solid Figures": (
        *_each("Surface Area of", "Cylinders", "Rectangular Cuboids", "Cubes"),
        *_each("Volume and Capacity of", "Cylinders", "Cones", "Rectangular Cuboids", "Cubes"),
    ),
    "Understanding of Solid Figures": (
        *_each("Expanded View of", "Cylinders", "Rectangular Cuboids", "Cubes"),
        *_each("Properties of", "Cylinders", "Cones"),
        *_each("Properties and Understanding of", "Rectangular Cuboids", "Cubes"),
        "Observing Objects",
    ),
    "Basic Transformations of Figures": ("Axial Symmetry", "Translation", "Rotation"),
    "Cutting and Combining of Figures": (
        *("Combining and Dividing Solids", "Division of Plane Figures", "Combining Plane Figures"),
        *("Tessellation of Figures", "Folding Problems of Figures"),
    ),
    "Direction": (
        "Southeast, Southwest, Northeast, Northwest Directions",
        "Cardinal Directions (East, South, West, North)",
    ),
    "Position": ("Front-Back Position", "Up-Down Position", "Left-Right Position"),
    "Route Map": (
        "Determining the Positions of Objects Based on Direction, Angle, and Distance",
        "Describing Simple Routes Based on Direction and Distance",
    ),
    "Correspondence of Coordinates and Positions": (
        "Representing Positions Using Ordered Pairs",
        "Finding Positions Based on Ordered Pairs",
    ),
}


def domain_figures(problems: Sequence[Problem]) -> list[Figure]:
    """Return the accuracy on the steps of each domain, as in evaluation/accuracy.py: the mean over its concepts.

    Concepts weigh alike, however many steps they have; of those that were not asked none counts.
    """
    steps: dict[str, list[Problem]] = {}
    for problem in problems:
        if not str(problem.fields["key"]).endswith("multi"):
            steps.setdefault(str(problem.fields.get("knowledge_concept")), []).append(problem)
    asked = {name: [concept for concept in concepts if concept in steps] for name, concepts in DOMAINS.items()}
    return [_domain(name, [steps[concept] for concept in concepts]) for name, concepts in asked.items() if concepts]


def _domain(name: str, concepts: Sequence[Sequence[Problem]]) -> Figure:
    rows = [(place, step.score) for place, steps in enumerate(concepts) for step in steps]
    belongs = [[float(place == column) for column in range(len(concepts))] for place, _ in rows]
    right = [[score * one for one in row] for (_, score), row in zip(rows, belongs, strict=True)]
    return ratio_figure(f"domain/{name}", right, belongs)
