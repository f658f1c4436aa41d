"""Changed copies of questions and pictures, made without any code of the curation."""

import io
import re

from PIL import Image

from revisual.data.images import ImageSource

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SYNONYMS = {
    "find": "determine", "compute": "calculate", "determine": "find", "evaluate": "compute", "calculate": "compute",
    "many": "numerous", "total": "overall", "altogether": "combined", "bought": "purchased", "buys": "purchases",
    "sold": "traded", "each": "every", "friends": "pals", "smallest": "least", "largest": "biggest",
    "number": "count",
    "positive": "nonnegative", "house": "home", "money": "cash", "children": "kids", "needs": "requires",
    "gave": "handed",
    "makes": "creates", "value": "magnitude", "possible": "feasible", "integer": "whole", "distinct": "different",
    "wants": "wishes", "gets": "receives", "begins": "starts", "exactly": "precisely", "suppose": "assume",
    "let": "take",
    "given": "provided", "expressed": "written", "equal": "identical", "point": "spot",
    "line": "stroke", "day": "weekday",
    "week": "sennight", "much": "greatly", "times": "occasions", "works": "labours",
    "left": "remaining", "spends": "pays",
    "has": "owns", "have": "own", "what": "which", "the": "that", "if": "when", "is": "equals",
}  # fmt: skip
"""One word for another; the last few so that nearly every sentence has one that can be replaced."""


def in_words(number):
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        return f"{ONES[number // 100]} hundred" + (f" and {in_words(number % 100)}" if number % 100 else "")
    return f"{in_words(number // 1000)} thousand" + (f" {in_words(number % 1000)}" if number % 1000 else "")


def other_case(text, rng):
    # LaTeX commands keep their case, as another one would be another command
    way = rng.choice([str.upper, str.lower, str.swapcase])
    return re.sub(r"(\\[A-Za-z]+)|([^\\]+)", lambda m: m[1] or way(m[2]), text)


def other_spacing(text, rng):
    text = re.sub(r" ", lambda _: rng.choice([" ", "  ", "\n", "\t ", "   "]), text)
    text = re.sub(r"\s*([=+])\s*", lambda m: rng.choice([m[1], f" {m[1]} ", f"  {m[1]}"]), text)
    return f"  {text}\n\n"


def other_latex(text, rng):
    swaps = [
        (r"\\dfrac|\\tfrac", r"\\frac"), (r"\\frac(?=\{)", r"\\dfrac"), (r"\\leq(?![a-z])", r"\\le"),
        (r"\\geq(?![a-z])", r"\\ge"),
        (r"\\cdot(?![a-z])", r"\\times"), (r"\^(\d)(?!\d)", r"^{\1}"), (r"_(\w)", r"_{\1}"),
        (r"\\left|\\right(?![a-z])", ""),
        (r"\^\\circ", r"^{\\circ}"), (r"\\ldots|\\dots", r"\\cdots"), (r"\\neq(?![a-z])", r"\\ne"), (r"\\,", " "),
    ]  # fmt: skip
    for old, new in swaps:
        if rng.random() < 0.8:
            text = re.sub(old, new, text)
    if rng.random() < 0.7 and text.count("$") % 2 == 0 and "$$" not in text and r"\$" not in text:
        parts = text.split("$")
        text = "".join(part if i % 2 == 0 else rf"\({part}\)" for i, part in enumerate(parts))
    return text


def numbers_in_words(text, rng):
    # Numbers within formulas stay: "x^two" is no spelling that anyone uses.
    pieces = re.split(r"(\$[^$]*\$|\\\[.*?\\\]|\[asy\].*?\[/asy\])", text, flags=re.DOTALL)
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(
            r"(?<![\d.,/$:%\\{}^_=+*()-])\b(\d{1,5})\b(?![\d/:%\\{}^_=+*()-]|[.,]\d)",
            lambda m: in_words(int(m[1])),
            pieces[i],
        )
    return "".join(pieces)


def other_words(text, rng):
    """At most one synonym per sentence."""
    found = []
    for sentence in re.split(r"(?<=[.?!])(\s+)", text):
        words = [
            m for m in re.finditer(r"(?<![\\$A-Za-z])[A-Za-z]{2,}(?![A-Za-z$])", sentence) if m[0].lower() in SYNONYMS
        ]
        outside = [m for m in words if sentence[: m.start()].count("$") % 2 == 0 and "[asy]" not in sentence]
        if outside:
            word = rng.choice(outside)
            new = SYNONYMS[word[0].lower()]
            sentence = (
                sentence[: word.start()] + (new.capitalize() if word[0][0].isupper() else new) + sentence[word.end() :]
            )
        found.append(sentence)
    return "".join(found)


WAYS = (other_case, other_spacing, other_latex, numbers_in_words, other_words)


def respelled(text, rng):
    """One to all ways at once."""
    for way in rng.sample(WAYS, rng.randint(1, len(WAYS))):
        text = way(text, rng)
    return text


def repictured(source, rng):
    """Resized by 0.5 to 2, compressed as JPEG 60 and cropped by up to 3 % a side: one to all of that."""
    image = source.load("planted")
    ways = rng.sample(["size", "jpeg", "crop"], rng.randint(1, 3))
    if "crop" in ways:
        cuts = [rng.choice([0.0, 0.03, 0.03 * rng.random()]) for _ in range(4)]
        width, height = image.size
        image = image.crop(
            (
                round(width * cuts[0]),
                round(height * cuts[1]),
                round(width * (1 - cuts[2])),
                round(height * (1 - cuts[3])),
            )
        )
    if "size" in ways:
        factor = 2 ** rng.uniform(-1, 1)
        size = max(8, round(image.width * factor)), max(8, round(image.height * factor))
        image = image.resize(
            size, rng.choice([Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS])
        )
    buffer = io.BytesIO()
    image.save(buffer, **({"format": "JPEG", "quality": 60} if "jpeg" in ways else {"format": "PNG"}))
    return ImageSource(data=buffer.getvalue())


UNVERIFIABLE_ANSWERS = (
    "", "   ", "See the solution above.", "Proof by induction on n.", "Answers may vary.", "N/A", "unknown",
    "(a) 3, (b) 5", "a) 12; b) 7", "(1) 4 (2) 9", "Part A: 6. Part B: 8.", "i) x = 1, ii) x = 2",
    "The statement follows because every even number larger than two is a sum of two smaller numbers of that kind.",
    "not provided", "Q.E.D.", "It depends on the reader's drawing.", "see figure",
    "The graph is a parabola that opens upwards and passes through the origin.",
    "No answer", "cannot be determined",
    "Explanations will differ; a good one mentions gravity and the length of the rope.",
    "1. 5 2. 7 3. 9", "Sample answer: the two lines never meet.", "TBD",
)  # fmt: skip
UNVERIFIABLE_QUESTIONS = (
    "Prove that the square root of 2 is irrational.",
    "Show that for all real x the inequality $x^2 + 1 \\ge 2x$ holds.",
    "Let $n$ be odd. Prove that $n^2 - 1$ is divisible by 8.",
    "Explain why the sum of two odd numbers is even.",
    "(a) Find the area of the circle. (b) Find its circumference.",
    "1) Compute $2 + 2$. 2) Compute $3 + 3$.",
    "Part A: How many apples are there? Part B: How many pears are there?",
    "In the figure below, find the length of $AB$.",
    "What is the value of the tallest bar in the chart shown?",
    "As shown in the diagram, $ABCD$ is a square of side 4. What is the shaded area?",
    "Suppose that $a > b$. Show that $a^3 > b^3$, and justify each step.",
    "Give a proof of the theorem of Pythagoras.",
)
