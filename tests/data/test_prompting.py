"""How a policy was trained to be asked, on disk."""

import json

import pytest

from revisual.core.errors import UserError
from revisual.data.prompting import AUTO, FILE, Prompting, read_prompting, resolve_system_prompt
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT

ASKED = Prompting('Denke "nach".\n{{ 7 }}', "<a>{answer}</a>", None, 3136, 0.3, 0.95, 50, {"enable_thinking": False})


def test_what_is_written_is_read(tmp_path):
    ASKED.write(tmp_path)
    assert read_prompting(str(tmp_path)) == ASKED
    assert json.loads((tmp_path / FILE).read_text())["max_pixels"] == 3136


def test_a_hubs_name_and_a_stock_folder_say_nothing(tmp_path):
    assert read_prompting("some/name") is None and read_prompting(str(tmp_path)) is None


@pytest.mark.parametrize(
    "content",
    ["", "[]", "7", "{}", '{"system_prompt": 3}', '{"system_prompt": null, "top_k": 1.5}',
     '{"system_prompt": null, "temperature": true}', '{"system_prompt": null, "run": "rm"}'],
)  # fmt: skip
def test_another_file_is_one_line_with_its_name(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UserError, match=r"revisual_prompting\.json: is not what an export wrote") as caught:
        read_prompting(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_what_is_unknown_is_taken_from_the_export_before(tmp_path):
    ASKED.write(tmp_path)
    after = Prompting(None, temperature=1.0, min_pixels=7).following(str(tmp_path))
    assert after == Prompting(None, ASKED.response_template, 7, 3136, 1.0)  # a prompt of null is known, and stays
    assert Prompting(None).following(None) == Prompting(None).following("some/name") == Prompting(None)


def test_who_asks(tmp_path):
    assert resolve_system_prompt(AUTO, str(tmp_path)) == REVISUAL_R1_SYSTEM_PROMPT
    ASKED.write(tmp_path)
    assert resolve_system_prompt(AUTO, str(tmp_path)) == ASKED.system_prompt
    assert resolve_system_prompt("Mine.", str(tmp_path)) == "Mine."
    assert resolve_system_prompt("", str(tmp_path)) is None and resolve_system_prompt(None, str(tmp_path)) is None
    Prompting(None).write(tmp_path)
    assert resolve_system_prompt(AUTO, str(tmp_path)) is None
