import hashlib
import json

import pytest

from revisual.core.errors import UserError
from revisual.core.manifest import MANIFEST, check_export, hashes


@pytest.fixture
def export(tmp_path):
    (tmp_path / "weights").write_bytes(b"w")
    (tmp_path / MANIFEST).write_text(json.dumps(hashes(tmp_path)))
    return tmp_path


def test_hashes_are_those_of_the_files(export):
    assert check_export(export) == hashes(export) == {"weights": hashlib.sha256(b"w").hexdigest()}


@pytest.mark.parametrize(("change", "told"), [
    (lambda folder: (folder / "weights").write_bytes(b"x"), "weights: is not the file that was exported"),
    (lambda folder: (folder / "weights").unlink(), "weights: is missing"),
    (lambda folder: (folder / MANIFEST).unlink(), "no finished export"),
    (lambda folder: (folder / MANIFEST).write_bytes(b""), "is empty or broken"),
    (lambda folder: (folder / MANIFEST).write_text('{"weights": '), "is empty or broken"),
    (lambda folder: (folder / MANIFEST).write_text("[]"), "is empty or broken"),
])  # fmt: skip
def test_another_export_is_refused(export, change, told):
    change(export)
    with pytest.raises(UserError, match=told):
        check_export(export)
