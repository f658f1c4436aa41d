"""A model's chat template is tried before it can do harm."""

import shutil

import pytest

from revisual.cli.main import main
from revisual.models import template_trial

ENDLESS = "{%- for i in range(99999) -%}{%- for j in range(99999) -%}{%- endfor -%}{%- endfor -%}"


@pytest.fixture
def folder(policy_folder, tmp_path):
    return shutil.copytree(policy_folder, tmp_path / "model")


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (ENDLESS, "is not done after 1 s"),
        ("{{ 'a' * 10**11 }}", "takes more than 1024 MiB"),
        ("{%- set a = 'a' * 10**8 -%}{%- set b = [a] * 12 -%}{{ b | join }}", "takes more than 1024 MiB"),
        ("{{ messages | length * 'a' * 5000000 }}", "writes more than 4,000,000 characters"),
    ],
)
def test_one_that_has_no_end_is_one_line(folder, capsys, monkeypatch, template, reason):
    seconds = 1 if template == ENDLESS else 50  # on a busy machine memory, too, takes its time
    monkeypatch.setattr(template_trial, "CPU_SECONDS", seconds)
    (folder / "chat_template.jinja").write_text(template)
    assert main(["generate", f"--model={folder}", "--question=What is 6 * 7?"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line == f"revisual generate: {folder}: the chat template {reason}, for one short question"


def test_one_that_refuses_a_question_is_told_when_it_is_asked(folder, capsys):
    (folder / "chat_template.jinja").write_text("{{ raise_exception('never') }}")
    assert main(["generate", f"--model={folder}", "--question=What is 6 * 7?"]) == 2
    assert "the chat template does not render it: never" in capsys.readouterr().err


def test_a_template_is_tried_once(folder, processor, monkeypatch):
    tried = []
    monkeypatch.setattr(template_trial.os, "fork", lambda: tried.append("again"))
    template_trial.try_chat_template(processor, str(folder))
    assert tried == []
