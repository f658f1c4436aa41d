r"""Where a response marks its answer: after its thoughts, in `\boxed{}` or in `<answer>`. All in linear time."""

import re
from dataclasses import dataclass

# An escaped brace (\{) is text, not structure. Two or more backslashes: a response that was escaped once more.
_TOKEN = re.compile(
    r"(?P<box>(?:\\{1,4}|\x08|\x0c(?=box))(?:boxed|fbox|oxed|box)\s*\{)|\\[^A-Za-z]|(?P<open>\{)|(?P<close>\})",
    re.DOTALL,
)
_WELL_FORMED = re.compile(r"(?P<box>\\(?:boxed|fbox)\s*\{)|\\.|(?P<open>\{)|(?P<close>\})", re.DOTALL)
_BARE_BOX = re.compile(r"\\{1,4}(?:boxed|fbox)\s+([^\s{}$\\.,;]+)")
_CHAT_END = re.compile(r"<\|(?:im_start|im_end|endoftext|eot_id|end|assistant|user)\|>|</s>")
_MARKUP = re.compile(r"\\(?:text|textbf|mathrm|mbox)\s*\{|\\(?:quad|qquad|[,;:! ])|[${}~*]|\\[()\[\]]")
_CONNECTOR = re.compile(
    r"(?i)[\s,;&]*(?:(?:[a-z()]+[\s,;]+){0,4}(?:and|&|et|和|y|und)[\s,;]*)?(?:[a-z]{1,12}|[a-z]_\w{1,3})?(?:\([a-z]\))?[\s,;:=]*"
)
_ALTERNATIVE = re.compile(r"(?i)[\s,;]*(?:or|or maybe|or possibly|或|ou|oder)[\s,;:]*(?:possibly|maybe|perhaps)?[\s,]*")
_ALTERNATIVE_BEHIND = re.compile(r"(?i)[\s$,]*\bor\s+(?:(?:maybe|possibly|perhaps|even)\s+)?[$\\(]*[\d-]")
_REVISION = re.compile(
    r"(?i)\b(?:wait|actually|no|not|but|however|instead|correct(?:ion|ed)?|rather|sorry|mistake|hmm|finally|thus|so|or)\b"
)
_NEGATED = re.compile(r"(?i)(?:\bnot|n't|\bnever)(?: be| equal(?: to)?| simply| just)?[\s:$]*$")
MAX_CONNECTOR = 80
"""Characters between two boxes that are still read as one list."""


@dataclass(frozen=True)
class Marked:
    """What a response marked as its answer.

    Example: `Marked("3, 5", hedged=False)`
    """

    text: str
    hedged: bool
    """Whether alternatives were offered that are not reconciled."""


def after_thoughts(response: str) -> str | None:
    """Return the text after the last `</think>`, up to the end of the turn; the whole response if it has no thoughts.

    None if the thoughts were opened and never closed: then nothing was answered yet.

    Example: `after_thoughts("<think>6 * 7</think>It is 42.") == "It is 42."`
    """
    end = response.rfind("</think>")
    if response.rfind("<think>") > end:
        return None
    text = response if end < 0 else response[end + len("</think>") :]
    stop = _CHAT_END.search(text, 1)
    return text[: stop.start()] if stop and text[: stop.start()].strip() else text


def _scan(text: str, token_pattern: re.Pattern[str]) -> tuple[list[tuple[int, int, int, int]], int]:
    """Return where each outermost closed box and its contents start and end; and how many boxes are never closed."""
    spans: list[tuple[int, int, int, int]] = []
    open_braces: list[tuple[int, int] | None] = []  # a box and where its contents start, None for a brace that is none
    for token in token_pattern.finditer(text):
        if token["box"]:
            open_braces.append((token.start(), token.end()))
        elif token["open"]:
            open_braces.append(None)
        elif token["close"] and open_braces:
            opened = open_braces.pop()
            if opened is not None:
                while spans and spans[-1][0] > opened[0]:
                    spans.pop()
                spans.append((*opened, token.start(), token.end()))
    return spans, sum(opened is not None for opened in open_braces)


def _find_spans(text: str) -> list[tuple[int, int, int, int]]:
    return _scan(text, _TOKEN)[0]


def find_last_box(text: str) -> tuple[int, bool]:
    r"""Return where the last box starts, -1 without one, and whether every box is closed.

    Example: `find_last_box(r"so \boxed{4} or \boxed{2") == (16, False)`
    """
    spans, unclosed = _scan(text, _TOKEN)
    starts = [token.start() for token in _TOKEN.finditer(text) if token["box"]]
    return (starts[-1] if starts else -1), bool(spans) and not unclosed


def well_formed_boxes(text: str) -> list[str] | None:
    r"""Do as `boxed_contents`, but without mending broken escapes; return None if a box is never closed.

    Example: `well_formed_boxes(r"\boxed{42}") == ["42"]` and `well_formed_boxes(r"\boxed{4} \boxed{2") is None`
    """
    spans, unclosed = _scan(text, _WELL_FORMED)
    return None if unclosed else [text[start:end] for _, start, end, _ in spans]


def boxed_contents(text: str) -> list[str]:
    r"""Return the contents of each `\boxed{...}` with balanced braces, in order; of nested boxes, the outermost.

    Example: `boxed_contents(r"\boxed{\frac{1}{2}} or \boxed{3}") == [r"\frac{1}{2}", "3"]`
    """
    return [text[start:end] for _, start, end, _ in _find_spans(text)]


def _unwrap_box(text: str) -> str:
    r"""Return the contents of a box that is nothing but a box: `\boxed{\boxed{42}}`."""
    inner = boxed_contents(text)
    return _unwrap_box(inner[-1]) if len(inner) == 1 and len(text) - len(inner[0]) < 16 else text.strip()


def _joins_boxes(between: str) -> bool:
    """Return whether what stands between two boxes makes one list of them."""
    on_lines_of_their_own = not between.strip(" ,;&") and "\n" in between
    return not on_lines_of_their_own and _CONNECTOR.fullmatch(between) is not None and not _REVISION.search(between)


def find_boxed(text: str) -> Marked | None:
    r"""Return the answer in boxes: the last one, with those before it that it is joined to by "and" or a comma.

    Boxes joined by "or" are a hedge. A box after "not" is no answer.

    Example: `find_boxed(r"\boxed{3} and \boxed{5}") == Marked("3, 5", hedged=False)`
    Example: `find_boxed(r"\boxed{7}. Wait, actually \boxed{5}") == Marked("5", hedged=False)`
    Example: `find_boxed(r"\boxed{7} or \boxed{8}") == Marked("7 or 8", hedged=True)`
    """
    everything = _find_spans(text)
    spans = [span for span in everything if not _NEGATED.search(text[max(span[0] - 24, 0) : span[0]])]
    if everything and not spans:
        return Marked("", hedged=False)
    if not spans:
        bare = _BARE_BOX.findall(text[-4_000:])
        return Marked(bare[-1], hedged=False) if bare else None
    contents = [_unwrap_box(text[start:end]) for _, start, end, _ in spans]
    chosen, separator = [contents[-1]], ", "
    for index in range(len(spans) - 1, 0, -1):
        between = text[spans[index - 1][3] : spans[index][0]]
        between = _MARKUP.sub(" ", between) if len(between) < MAX_CONNECTOR else "."
        if _ALTERNATIVE.fullmatch(between):
            separator = " or "
        elif not _joins_boxes(between):
            break
        chosen.insert(0, contents[index - 1])
    if _ALTERNATIVE_BEHIND.match(text, spans[-1][3]):
        return Marked(separator.join(chosen), hedged=True)
    if len(set(chosen)) == 1:
        return Marked(chosen[0], hedged=False)
    return Marked(separator.join(chosen), hedged=separator == " or ")


def find_tagged(text: str) -> str | None:
    """Return the contents of the last `<answer>...</answer>`, None without one.

    Example: `find_tagged("<answer>1</answer> no, <answer> 2 </answer>") == "2"`
    """
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    return None if start < 0 else text[start + len("<answer>") : end].strip()
