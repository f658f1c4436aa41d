"""On PYTHONPATH, lets a torchvision built for CUDA be imported beside a CPU build of torch.

Its library does not load there, so the two operators are missing that its Python half describes on import. Declaring
them is enough: nothing here calls them.
"""

import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

BOXES = "Tensor dets, Tensor scores, float iou_threshold"


class DeclareOperators(importlib.abc.MetaPathFinder):
    """Finds nothing; acts just before torchvision is first looked for."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Declares the operators once; others find the module."""
        if name == "torchvision":
            sys.meta_path.remove(self)
            import torch

            for operator in ("nms", "qnms"):
                torch.library.define(f"torchvision::{operator}", f"({BOXES}) -> Tensor")
        return None


sys.meta_path.insert(0, DeclareOperators())
