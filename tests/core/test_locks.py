import subprocess
import sys

import pytest

from revisual.core.errors import UserError
from revisual.core.locks import lock_folder

HOLDER = """
import sys
from pathlib import Path
from revisual.core.locks import lock_folder
with lock_folder(Path(sys.argv[1]), "lock", "study"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_is_in_a_folder(tmp_path):
    folder = tmp_path / "a" / "b"
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UserError) as error, lock_folder(folder, "lock", "study"):
            pass
        assert str(error.value) == f"{folder}: another study is running there"
        with lock_folder(folder, "other", "study"):
            pass
        holder.kill()
        holder.wait()
    with lock_folder(folder, "lock", "study"):
        assert [path.name for path in sorted(folder.iterdir())] == [".revisual", "lock", "other"]
