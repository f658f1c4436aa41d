"""Modules and classes are found where they lie."""

import sys
from abc import ABC, abstractmethod

import pytest

from revisual.core.discovery import find_modules, find_subclasses, import_modules

FILES = {
    "__init__": "",
    "base": "from abc import ABC\n\n\nclass Shape(ABC):\n    pass\n",
    "round/__init__": "",
    "round/circle": "from shapes_of_a_test.base import Shape\n\n\nclass Circle(Shape):\n    pass\n",
    "functions": "raise AssertionError('holds no class, and so is not imported')\n",
    "extra": "import a_package_that_is_not_there\n\n\nclass Oval(object):\n    pass\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / "shapes_of_a_test" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "shapes_of_a_test"
    for name in [name for name in sys.modules if name.startswith("shapes_of_a_test")]:
        del sys.modules[name]


def test_modules_of_all_depths_are_found(package):
    names = list(find_modules("shapes_of_a_test"))
    assert names == [f"shapes_of_a_test.{name}" for name in ("base", "extra", "functions", "round.circle")]


def test_only_what_may_hold_a_part_is_imported(package):
    found = [module.__name__ for module in import_modules(["shapes_of_a_test"])]
    assert found == ["shapes_of_a_test.base", "shapes_of_a_test.round.circle"]


def test_concrete_classes_are_found_once(package):
    (circle,) = find_subclasses(object, ["shapes_of_a_test.round", "shapes_of_a_test.round"])
    assert circle.__name__ == "Circle"


def test_a_part_that_cannot_be_imported_is_no_secret(package):
    (package / "bad.py").write_text("import shapes_of_a_test.missing\n\n\nclass Bad(object):\n    pass\n")
    with pytest.raises(ModuleNotFoundError, match=r"shapes_of_a_test\.missing"):
        import_modules(["shapes_of_a_test"])


def test_abstract_classes_are_left_out():
    class Contract(ABC):
        @abstractmethod
        def do(self):
            """Be there."""

    Contract.__module__ = __name__
    assert find_subclasses(Contract, []) == []
