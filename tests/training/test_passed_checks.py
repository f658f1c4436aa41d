"""A check that was passed is left out for the same policy in the same run, and for no other."""

import json
from dataclasses import replace

import pytest
import torch

from revisual.core.errors import UserError
from revisual.core.files import cache_folder
from revisual.models.families.qwen2_vl import Qwen2VL
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy
from revisual.training import passed_checks
from revisual.training.passed_checks import check_unless_passed, describe_check

from .helpers import examples, fit, sft
from .test_forward_check import number_flat


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def checked(monkeypatch):
    """How often a run's forwards were checked."""
    done, check = [], passed_checks.check_forwards
    monkeypatch.setattr(passed_checks, "check_forwards", lambda *args: done.append(check(*args)) or done[-1])
    return done


def run(folder, out, steps=1, policy_options=None, **options):
    return fit(sft(folder, policy_options), examples(), out, steps, **options)


def test_the_same_policy_is_checked_once(policy_folder, tmp_path, checked, caplog):
    with caplog.at_level("INFO"):
        first = run(policy_folder, tmp_path / "first")
        assert len(checked) == 1 and "passed before" not in caplog.text
        second = run(policy_folder, tmp_path / "second")
    assert len(checked) == 1 and "policy.check: passed before" in caplog.text
    assert first.log.values("train/loss") == second.log.values("train/loss")
    (kept,) = (cache_folder() / "forwards").iterdir()
    assert json.loads(kept.read_text())["gaps"] == checked[0]


def test_another_policy_or_run_is_checked(policy_folder, tmp_path, checked):
    run(policy_folder, tmp_path / "first")
    run(policy_folder, tmp_path / "adapters", policy_options={"packed": False, "lora": LoRA(2, 8.0)})
    assert len(checked) == 2
    run(policy_folder, tmp_path / "half", precision="bf16-mixed")
    assert len(checked) == 3


def test_a_check_depends_on_all_that_forwards_do(policy, encoder, monkeypatch):
    def described(**run):
        return describe_check(policy, encoder, **run)

    plain = described(rollouts=True)
    assert plain == described(rollouts=True) != described(rollouts=False)
    assert describe_check(policy, replace(encoder, half_patches=True), rollouts=True) != plain
    with monkeypatch.context() as patch:
        patch.setattr(encoder.processor, "chat_template", "{{ 'another' }}")
        assert described(rollouts=True) != plain
    with monkeypatch.context() as patch:
        patch.setattr(policy.config.get_text_config(), "rms_norm_eps", 1e-5)
        assert described(rollouts=True) != plain
    for name, value in (("_own_code", "another"), ("_versions", ("torch 1.0",))):
        with monkeypatch.context() as patch:
            patch.setattr(passed_checks, name, lambda value=value: value)
            assert described(rollouts=True) != plain
    assert described(rollouts=True) == plain
    with torch.no_grad():
        weight = next(policy.parameters())
        weight.view(-1)[0] = torch.nextafter(weight.view(-1)[0], torch.tensor(9.0))
    assert described(rollouts=True) != plain


def test_a_fault_is_found_again_and_again(policy_folder, tmp_path, monkeypatch):
    run(policy_folder, tmp_path / "sound", policy_options={"packed": False})
    monkeypatch.setattr(Qwen2VL, "number_tokens", number_flat)
    for name in ("one", "two"):
        with pytest.raises(UserError, match=r"policy\.check: padded rows"):
            run(policy_folder, tmp_path / name)


def test_what_is_not_known_in_full_is_always_checked(policy, encoder, monkeypatch):
    class Remote(type(policy)):
        __module__ = "transformers_modules.own"

    monkeypatch.setattr(policy, "__class__", Remote)
    assert describe_check(policy, encoder) == {}
    done = []
    for _ in range(2):
        check_unless_passed({}, lambda: done.append(1) or {})
    assert len(done) == 2


def test_where_one_process_has_not_passed_all_are_checked(monkeypatch):
    done, of = [], {"weights": "a"}
    check_unless_passed(of, lambda: done.append(1) or {})
    monkeypatch.setattr(passed_checks, "all_gather_objects", lambda value: [value, False])
    check_unless_passed(of, lambda: done.append(1) or {})
    assert len(done) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"of": {"weights": "b"}}'])
def test_a_file_that_says_something_else_is_no_pass(text):
    done, of = [], {"weights": "a"}
    check_unless_passed(of, lambda: done.append(1) or {})
    (kept,) = (cache_folder() / "forwards").iterdir()
    kept.write_text(text)
    check_unless_passed(of, lambda: done.append(1) or {})
    check_unless_passed(of, lambda: done.append(1) or {})
    assert len(done) == 2


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    check_unless_passed({"weights": "a"}, lambda: {"padded rows": 0.0})
    assert "cannot be kept" in caplog.text


def test_a_policy_loaded_again_is_the_same(policy_folder, encoder):
    loader = PretrainedPolicy(str(policy_folder))
    found = [describe_check(loader.load(processor), replace(encoder, processor=processor), loader=loader)
             for processor in (loader.load_processor(), loader.load_processor())]  # fmt: skip
    assert found[0] == found[1]
