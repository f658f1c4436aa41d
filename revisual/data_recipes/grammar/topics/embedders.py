"""Texts as points: the built-in TF-IDF with SVD, or a sentence-transformers model."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.packages import require_package
from revisual.core.ranges import Count, PositiveInt, Ranged

Points = NDArray[np.float32]
"""[N, dimensions], each of length 1."""
_WORD = re.compile(r"\\([A-Za-z]{3,})|([A-Za-z]{3,})")
_LOOKS = frozenset(
    [
        "left",
        "right",
        "frac",
        "dfrac",
        "tfrac",
        "text",
        "mathrm",
        "mathbf",
        "textbf",
        "mbox",
        "displaystyle",
        "quad",
        "cdot",
        "times",
        "begin",
        "end",
        "ldots",
        "dots",
        "cdots",
        "overline",
        "operatorname",
        "leq",
        "geq",
        "array",
        "hline",
        "asy",
        "draw",
        "label",
        "dot",
        "unitsize",
        "pair",
        "size",
        "import",
        "path",
        "fill",
    ]
)


def words(text: str) -> list[str]:
    r"""Return the words and LaTeX commands of a text, without numbers and words about how things look.

    Example: `words(r"Find $\sin 30$, $\frac{1}{2}$ of 4 apples") == ["find", "sin", "apples"]`
    """
    found = [(command or word).lower() for command, word in _WORD.findall(text.partition("[asy]")[0] or text)]
    return [word for word in found if word not in _LOOKS]


def unit(points: NDArray[Any]) -> Points:
    """Scale rows to length 1; rows of zeros stay."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points / np.maximum(lengths, 1e-12), dtype=np.float32)


class FittedEmbedder(ABC):
    """Makes points of texts."""

    @abstractmethod
    def __call__(self, texts: Sequence[str]) -> Points:
        """Return a point per text."""


class Embedder(Ranged, ABC):
    """A way to make points of texts. Implemented as frozen dataclasses."""

    @abstractmethod
    def fit(self, texts: Sequence[str], seed: int) -> FittedEmbedder:
        """Return an embedder fitted to a sample of the texts."""


@dataclass(frozen=True)
class TfidfEmbedder(Embedder):
    """TF-IDF over words and pairs of words, reduced by a truncated SVD. Needs no model.

    Args:
        dimensions: of the points.
        features: most frequent words and pairs that count.
        least_documents: a word must stand in so many of the sampled texts.
    """

    dimensions: Count = 20
    features: PositiveInt = 50_000
    least_documents: PositiveInt = 3

    @override
    def fit(self, texts: Sequence[str], seed: int) -> FittedEmbedder:
        require_package("sklearn", "the built-in embedding")
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

        options: dict[str, Any] = {"tokenizer": words, "token_pattern": None, "lowercase": False, "sublinear_tf": True}
        options |= {"ngram_range": (1, 2), "max_features": self.features, "dtype": np.float32}
        least = min(self.least_documents, max(1, len(texts) // 10))
        choosy: dict[str, Any] = {"min_df": least, "max_df": 0.5, "stop_words": sorted(ENGLISH_STOP_WORDS)}
        for choice in (choosy, {}):  # questions of few words may have none that only some of them hold
            vectorizer = TfidfVectorizer(**options, **choice)
            try:
                matrix = vectorizer.fit_transform(texts)
            except ValueError:  # an empty vocabulary
                continue
            if min(matrix.shape) > 2:
                reducer = TruncatedSVD(min(self.dimensions, min(matrix.shape) - 1), random_state=seed % 2**32)
                return _Tfidf(vectorizer, reducer.fit(matrix))
        raise UserError("topics: the questions have too few words to tell topics apart; `topics: null` leaves them out")


@dataclass(frozen=True)
class _Tfidf(FittedEmbedder):
    vectorizer: Any
    reducer: Any

    def __call__(self, texts: Sequence[str]) -> Points:
        return unit(self.reducer.transform(self.vectorizer.transform(texts)))


@dataclass(frozen=True)
class SentenceTransformerEmbedder(Embedder):
    """A model of the sentence-transformers package, in this process.

    Args:
        model: a folder or a name on the hub.
        batch_size: texts at once.
        prompt: put before each text, for models that want an instruction.
    """

    model: str
    batch_size: Count = field(default=32, compare=False)
    prompt: str | None = None

    @override
    def fit(self, texts: Sequence[str], seed: int) -> FittedEmbedder:
        require_package("sentence_transformers", "SentenceTransformerEmbedder", package="sentence-transformers")
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found,unused-ignore]

        return _SentenceTransformer(
            SentenceTransformer(self.model, trust_remote_code=False), self.batch_size, self.prompt
        )


@dataclass(frozen=True)
class _SentenceTransformer(FittedEmbedder):
    model: Any
    batch_size: Count
    prompt: str | None

    def __call__(self, texts: Sequence[str]) -> Points:
        return unit(
            self.model.encode(list(texts), batch_size=self.batch_size, prompt=self.prompt, show_progress_bar=False)
        )
