"""The shipped benchmarks, one file each. Another one is a file like these, or a `TableBenchmark` in YAML."""

from revisual.evaluation.benchmarks.aime import AIME24, AIME25
from revisual.evaluation.benchmarks.dynamath import DynaMath
from revisual.evaluation.benchmarks.geometry3k import Geometry3K
from revisual.evaluation.benchmarks.gpqa import GPQA
from revisual.evaluation.benchmarks.gsm8k import GSM8K
from revisual.evaluation.benchmarks.logicvista import LogicVista
from revisual.evaluation.benchmarks.math500 import Math500
from revisual.evaluation.benchmarks.mathverse import MathVerse, MathVerseTextOnly
from revisual.evaluation.benchmarks.mathvision import MathVision
from revisual.evaluation.benchmarks.mathvista import MathVista
from revisual.evaluation.benchmarks.mm_math import MMMath
from revisual.evaluation.benchmarks.mmmu import MMMU
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.benchmarks.we_math import WeMath

BENCHMARKS: tuple[TableBenchmark, ...] = (
    *(MathVerse(), MathVerseTextOnly(), MathVision(), MathVista(), DynaMath(), WeMath(), LogicVista()),
    *(AIME24(), AIME25(), GPQA(), Math500(), Geometry3K(), GSM8K(), MMMath(), MMMU()),
)
