"""Questions in words and formulas, any number of them, of a dozen kinds."""

NAMES = [
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eva",
    "Finn",
    "Gus",
    "Hana",
    "Ivo",
    "Jana",
    "Kai",
    "Lea",
    "Mia",
    "Noor",
    "Olaf",
    "Pia",
    "Quin",
    "Rosa",
    "Sam",
    "Tara",
]
THINGS = [
    "apples",
    "pears",
    "marbles",
    "stamps",
    "books",
    "coins",
    "ribbons",
    "shells",
    "cards",
    "pencils",
    "plums",
    "kites",
    "lamps",
    "ropes",
    "tiles",
    "boats",
]
PLACES = [
    "market",
    "farm",
    "library",
    "harbour",
    "school",
    "museum",
    "bakery",
    "workshop",
    "garden",
    "station",
    "theatre",
    "orchard",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
TEMPLATES = (
    "{a} has {x} {t}. On {d} she buys {y} more at the {p}, and {b} gives her {z} {u}. How many things does she have?",
    "At the {p}, {a} sells {x} {t} for {y} dollars each. {b} sells {z} {u}. What is the number of dollars {a} earns?",
    "Solve ${x}n + {y} = {z}n + {w}$ for $n$, which counts the {t} in a {p} of {a}.",
    "Find the area of a {p} that is ${x}$ metres long and ${y}$ metres wide. {a} puts {z} {t} in it on {d}.",
    "In how many ways can {a} choose ${z}$ of ${x}$ {t}, and ${w}$ of ${y}$ {u}, at the {p}?",
    "What is the remainder when ${x}^{{{z}}} + {y}$ is divided by ${w}$? {a} found this on the {t} of the {p}.",
    "A train leaves the {p} with {x} people and {y} {t}. At each of {z} stops, {w} people get off. How many are left?",
    "Let $f(x) = \\frac{{{x}x + {y}}}{{{z}}}$. Compute $f({w})$ for the {t} of the {p}, as {a} did on {d}.",
    "{a} draws one of {x} {t} from a bag with {y} {u}. On {d} the bag has {z} more. Find the chance times ${w}$.",
    "The angle at the {p} is ${x}^\\circ$ and {a} turns by ${y}^\\circ$. If {b} turns by {z} degrees, what is it?",
    "On {d}, {a} runs {x} times around the {p}, which takes {y} minutes. How many minutes do {z} rounds with {t} take?",
    "Evaluate $\\sqrt{{{x}}} \\cdot {y} \\leq {z}$ for the {u} of {b}. Is the {p} of {a} larger than {w} {t}?",
)


def story(rng):
    values = {"a": rng.choice(NAMES), "b": rng.choice(NAMES), "t": rng.choice(THINGS), "u": rng.choice(THINGS)}
    values |= {"p": rng.choice(PLACES), "d": rng.choice(DAYS)}
    return rng.choice(TEMPLATES).format(**values, **{key: rng.randint(2, 200) for key in "xyzw"})


def rows(rng, count, name="s"):
    found = {}
    while len(found) < count:
        text = story(rng)
        found[text] = {"id": f"{name}{len(found)}", "question": text, "answer": str(rng.randint(1, 10_000))}
    return list(found.values())
