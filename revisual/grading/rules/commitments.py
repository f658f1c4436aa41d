"""Where a response in prose commits to an option, and where it only speaks of one."""

import re

MAX_TAIL = 6_000
"""Characters at the end of a response in which a commitment is looked for."""

# Between a phrase and the letter: a word for "option", quotes, brackets, and what LaTeX and Markdown put there.
_OPTION = r"(?:(?:the\s+)?(?:option|choice|letter|figure|answer|image|picture|shape|statement|number)s?\s*:?\s*)?"
_MARK = r"[\s\"'*`:]*(?:\\text(?:bf)?\{|\$\\?(?:boxed\{|text\{)?)?\(?\[?"
# "the answer is a decrease", "A rectangle is": an article is no letter.
_ARTICLE = (
    r"(?!(?<=A)\s+(?!(?:because|since|as|which|so|for|and|or|with|due|by|in|from|where|is|are|was|will|would|must|"
    r"can|has|seems|appears|looks|matches|fits|shows|represents|but|not|instead|then|based|if|when|after|given|only|"
    r"indeed|here|there|to|that|it|we|option|being)\b)[a-z]{2,})"
)
_FIRST = rf"(?P<first>[A-J])(?![A-Za-z'’]){_ARTICLE}"
# "the answer is A is wrong": a letter that goes on to have a verb of its own is no commitment.
_LAST = _FIRST + r"(?!\s+(?:is|are|was|has|can)\b(?! (?:the )?(?:correct|right|answer)))"
_MORE = r"(?P<more>(?:\)?\]?\s*(?:,|and|&)\s*\(?\[?[A-J](?![A-Za-z'’]))*)"
_RIGHT = (
    r"(?i:\s(?:is|are|would be|must be|seems to be|appears to be)\s+"
    r"(?:(?:also|therefore|indeed|thus|likely|both)\s+)?(?:the\s+)?(?:only\s+)?(?:most\s+|best\s+)?"
    r"(?:correct|right|answer|best|accurate|appropriate|suitable|likely|missing|odd one|one that))"
)
_SUBJECT = (
    r"(?:(?:correct|right|best|final|most likely|appropriate|suitable|closest|missing|next)\s+)*"
    r"(?:answer|option|choice|selection|response|figure|image|picture|shape|piece|one|statement|pattern)s?"
)
_SURELY = (
    r"(?:\s*(?:indeed|clearly|most likely|likely|probably|therefore|thus|then|the one labeled|for sure|definitely"
    r"|certainly|obviously|actually|in fact))?"
)
_CHOOSE = (
    r"(?:choose|select|pick|go with|chose|selected|opt for|(?:think|believe|say)\s+(?:that\s+)?(?:it'?s|it is|it)"
    r"|(?:so|therefore|thus|hence|conclude),?\s+(?:that\s+)?(?:it'?s|it is|it must be)|it'?s|must be|would be"
    r"|corresponds to|match(?:es)?(?: with)?|is labeled|represented by|leaves(?: us)?(?: with)?|shown in|guess|is)"
)
_ASIAN_ANSWER = (
    r"(?:答案|选|選|选择|選擇|选项|選項)(?:应为|應為|应选|是|为|為)?"
    r"|(?:答え|正解|解答|正答)(?:は|が)?"
    r"|(?:정답|답|답안)(?:은|는)?"
)
_EUROPEAN_ANSWER = (
    r"réponse|respuesta|antwort|lösung|resposta|risposta|ответ|відповідь|đáp án|câu trả lời|jawaban(?:nya)?|cevap"
    r"|odpowiedź|antwoord|svar(?:et)?"
)
_COMMITMENTS = tuple(
    re.compile(pattern)
    for pattern in (
        # the correct answer to the question is (option) B
        rf"(?i:\b{_SUBJECT}\b[^.\n]{{0,80}}?(?:\bis\b|\bare\b|\bbe\b|:|=){_SURELY}\s*:?\s*{_OPTION}){_MARK}{_LAST}{_MORE}",
        rf"(?i:\banswer\**\s*:?\**\s*{_OPTION}){_MARK}{_LAST}{_MORE}",
        # option B is correct; B is the answer
        rf"(?i:\b(?:option|choice|figure|answer|statement)s?\s*){_MARK}{_FIRST}{_MORE}[^.\n]{{0,60}}?{_RIGHT}",
        rf"(?<![A-Za-z'’]){_FIRST}{_MORE}[)\]*\"'}}]*{_RIGHT}",
        # therefore B; not A but B
        rf"(?i:\b(?:therefore|thus|hence|so|then),?\s+){_MARK}{_FIRST}{_MORE}(?=[)\]}}\"'*]*\s*(?:[.,;!\n]|$))",
        rf"(?i:\bnot\s+(?:option\s+)?\(?)[A-J]\)?,?\s+but\s+(?:rather\s+)?(?i:{_OPTION}){_MARK}{_FIRST}{_MORE}",
        # I choose B, it must be B
        rf"(?i:\b{_CHOOSE}\s*:?\s*{_OPTION}){_MARK}{_LAST}{_MORE}(?=[\s.,;:)\]*\"'}}!]|$)",
        rf"(?:{_ASIAN_ANSWER}){_MARK}{_LAST}{_MORE}",
        rf"(?:{_ASIAN_ANSWER})[\s:(]*(?P<first>[A-J])(?P<more>[A-J]{{1,4}})(?![A-Za-z])",
        rf"(?i:(?:{_EUROPEAN_ANSWER})(?:\s+\w+){{0,3}}\s*"
        rf"(?:[:—–]|\b(?:est|es|ist|é|è|lautet|is|jest|to|adalah|là)\b)\s*:?\s*"
        rf"(?:donc |also |dunque |quindi |então )?"
        rf"(?:(?:la |el |die |der |das |l['’]|o |a |il |de )?(?:opción|option|opção|opzione|lettre|letra|lettera"
        rf"|réponse|alternativa|Buchstabe|optie|pilihan|вариант)\s*)?){_MARK}{_LAST}{_MORE}",
        # **B**, **B. its text
        r"\*\*\s*\(?(?P<first>[A-J])(?P<more>)(?:\)?[.:)]?\s*\*\*|[.):])",
    )
)
_NEGATED = re.compile(
    r"(?i)(?:\bnot|n't|\bcannot be|\bpas|不是|\bneither|\bincorrect|\bwrong|\beliminated?|\bexclude)\s*"
    r"(?:be|is|the|option|choice|answer|[(\[\"'*])*\s*$"
)
_REFUTED = re.compile(
    r"(?i)[)\]*\"'}\s]*(?:(?:\S+\s+){0,3}?(?:is|are|was)\s*(?:not|n't|incorrect|wrong|false)|isn't|can't|cannot"
    r"|(?:是|为)?(?:错|錯|不对|不正确)|(?:이|가|은|는)? ?(?:아니|아닙|틀)"
    r"|(?:で|では|じゃ)(?:は)?(?:な|あり)|は(?:誤|間違))"
)
_ALTERNATIVE = re.compile(r"(?i)[)\]*\"'}\s]*(?:,?\s*or|/)\s*(?:option\s*)?[(\[*\"']*[A-J](?![A-Za-z])")
_START = re.compile(
    r"\s*[\"'*]*(?:(?i:option|answer|choice)\s*:?\s*)?"
    r"(?:\((?P<round>[A-J])\)|\[(?P<square>[A-J])\]"
    r"|(?P<bare>[A-J])(?:[.):,，。]|(?=[\u3000-\u9fff])|\s*$|\s*\n|\s+[-–—]|\*\*))"
)
_REFUSAL = re.compile(
    r"(?i)(?:can(?:no|')t|unable to|not possible to|impossible to|could not|difficult to)\s+(?:\w+\s+)?(?:be\s+)?"
    r"(?:determined?|answer(?:ed)?|tell|say|provide|see|identify|give|select|choose)"
)
_REFERENCE = re.compile(
    r"(?i:\b(?:option|choice|figure|shape|picture|image|piece|pattern|diagram|answer)s?\s*:?\s*)"
    r"[(\[*\"']*([A-J])(?![A-Za-z'’])"
    r"|\(([A-J])\)|^[\"'*]*([B-J])(?=\s+(?:is|are|follows|matches|fits|completes|shows|has)\b)"
)
_LETTER = re.compile(r"(?<![A-Za-z])[B-J](?![A-Za-z'’])")
_DENIED = re.compile(r"(?i)\b(?:not|cannot|wrong|incorrect|false|neither|none)\b|n't\b")


def find_committed(text: str, by_opening: bool = True) -> frozenset[str]:
    """Return the options of the last commitment in a response; empty if it makes none, or leaves it open.

    Example: `find_committed("It is not A. I think it's B") == frozenset("B")`
    Example: `find_committed("Option A is wrong. The answer: C") == frozenset("C")`
    Example: `find_committed("The answer is A or B") == find_committed("A shape is missing.") == frozenset()`
    """
    tail = text[-MAX_TAIL:]
    last, chosen = -1, frozenset[str]()
    for pattern in _COMMITMENTS:
        for match in pattern.finditer(tail):
            start = match.start("first")
            if start > last and not _is_denied(tail, start, match.end("first")):
                open_still = _ALTERNATIVE.match(tail, match.end("first")) is not None
                letters = re.findall("[A-J]", match["first"] + match["more"])
                last, chosen = start, frozenset[str]() if open_still else frozenset(letters)
    if last >= 0:
        return chosen
    opening = _START.match(text) if by_opening else None
    return frozenset(opening["round"] or opening["square"] or opening["bare"]) if opening else frozenset()


def _is_denied(text: str, start: int, end: int) -> bool:
    before, behind = text[max(start - 30, 0) : start], text[end : end + 60]
    return _NEGATED.search(before) is not None or _REFUTED.match(behind) is not None


def refuses(text: str) -> bool:
    """Return whether a response says that it cannot tell.

    Example: `refuses("I cannot determine which one")`
    """
    return _REFUSAL.search(text[-MAX_TAIL:]) is not None


def find_referred(sentence: str) -> frozenset[str]:
    """Return the only option that a sentence speaks of; empty for none or several.

    Example: `find_referred("Figure D should replace it") == frozenset("D")`
    Example: `find_referred("Option A is larger than option B") == frozenset()`
    """
    found = {next(filter(None, groups)) for groups in _REFERENCE.findall(sentence)}
    spoken_of = found | set(_LETTER.findall(sentence))
    return frozenset(found) if len(spoken_of) == 1 and found and not _DENIED.search(sentence) else frozenset()
