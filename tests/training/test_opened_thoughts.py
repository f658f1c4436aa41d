"""A chat template that writes `<think>` into the prompt, as those of thinking models do."""

import shutil

import pytest
import torch

from revisual.client.request import Decoding
from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.sft import THOUGHTS_THEN_BOX, make_example, response_text
from revisual.evaluation.policy_responder import PolicyResponder
from revisual.models.policy import PretrainedPolicy
from revisual.models.processor import save_processor
from revisual.rewards.functions import FormatReward, HardFormatResultReward, WeightedReward
from revisual.training.engine_check import EngineCheck
from training.helpers import Keep, examples, fit, grpo, prompts, sft, some_samples

CLOSED = "<think>\n\n</think>\n\n"
NOT_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}
SAID = "\nIt is so.\n</think>\n\n\\boxed{7}"


@pytest.fixture(scope="module")
def switched_folder(policy_folder, tmp_path_factory):
    """A template that opens the thoughts where it is told to."""
    folder = tmp_path_factory.mktemp("switched") / "tiny"
    loader = PretrainedPolicy(str(policy_folder))
    processor = loader.load_processor()
    loader.load(processor).save_pretrained(folder)
    plain = processor.tokenizer.chat_template
    processor.chat_template = processor.tokenizer.chat_template = (
        plain + "{%- if add_generation_prompt and enable_thinking -%}{{ '<think>' }}{%- endif -%}"
    )
    save_processor(processor, folder)
    return folder


@pytest.fixture(scope="module", params=["", "\n"])
def thinking_folder(policy_folder, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("thinking") / "tiny"
    shutil.copytree(policy_folder, folder)
    found = [path for path in folder.glob("*") if path.suffix in (".json", ".jinja")]
    ending = "<think>" + request.param.replace("\n", "\\n")
    for path in found:
        plain, quoted = "assistant\\n' }}{%- endif", "assistant\\\\n' }}{%- endif"
        text = path.read_text()
        escaped = ending.replace("\\", "\\\\")
        text = text.replace(quoted, f"assistant\\\\n{escaped}' }}}}{{%- endif")
        path.write_text(text.replace(plain, f"assistant\\n{ending}' }}}}{{%- endif"))
    return folder, "<think>" + request.param


def test_the_prompt_says_what_it_has_opened(thinking_folder, processor, mixed_samples):
    folder, opened = thinking_folder
    encoder = PromptEncoder(PretrainedPolicy(str(folder)).load_processor(), None)
    for sample in mixed_samples:
        assert encoder.render(sample).endswith("assistant\n" + opened)
        assert encoder.encode(sample).opened == opened
        assert PromptEncoder(processor, None).encode(sample).opened == ""


def test_sft_teaches_what_follows(thinking_folder):
    """Prompt and response together are the conversation with the tag once."""
    folder, opened = thinking_folder
    encoder = PromptEncoder(PretrainedPolicy(str(folder)).load_processor(), None)
    sample = some_samples(2)[0]
    response = response_text(sample, THOUGHTS_THEN_BOX)
    ids = encoder.encode_response(response, opened)
    assert opened + encoder.processor.tokenizer.decode(ids[:-1]) == response


def test_an_sft_step_with_it(thinking_folder, tmp_path):
    run = fit(sft(thinking_folder[0]), examples(some_samples(4)), tmp_path, 1)
    assert run.watch.moved == [True]


def test_a_right_answer_earns_the_full_format_reward(thinking_folder, tmp_path, monkeypatch):
    """Through a whole step: the answer closes the thoughts that the template has opened."""
    folder, opened = thinking_folder
    first, rewards = answer_well(folder, {}, tmp_path, monkeypatch)
    assert first == opened + SAID and rewards == 1.0


@pytest.mark.parametrize("thinks", [True, False])
def test_a_template_is_told_to_think(switched_folder, tmp_path, monkeypatch, thinks):
    options = {"chat_template_kwargs": {"enable_thinking": thinks}}
    first, rewards = answer_well(switched_folder, options, tmp_path, monkeypatch)
    assert first == ("<think>" if thinks else "") + SAID and rewards == float(thinks)


@pytest.fixture(scope="module")
def closing_folder(policy_folder, tmp_path_factory):
    """A template that opens the thoughts, and closes them at once where it is told not to think, as Qwen3's does."""
    folder = tmp_path_factory.mktemp("closing") / "tiny"
    shutil.copytree(policy_folder, folder)
    processor = PretrainedPolicy(str(policy_folder)).load_processor()
    text = CLOSED.replace("\n", "\\n")
    closing = "{%- if add_generation_prompt and not enable_thinking|default(true) -%}{{ '" + text + "' }}{%- endif -%}"
    processor.chat_template = processor.tokenizer.chat_template = processor.tokenizer.chat_template + closing
    save_processor(processor, folder)
    return folder


def test_behind_closed_thoughts_a_box_is_the_whole_form(closing_folder, tmp_path, monkeypatch):
    """Through a whole step: more thoughts are no part of the form."""
    said = [r"\boxed{7}", "Seven.", r"<think>7</think>\boxed{7}", SAID]
    found = answer_with(closing_folder, NOT_THINKING, tmp_path, monkeypatch, said)
    assert found == list(zip([CLOSED + text for text in said], [1.0, 0.0, 0.0, 0.0], strict=True))


def test_behind_closed_thoughts_a_right_answer_in_tags_is_the_whole_form(closing_folder, tmp_path, monkeypatch):
    """Vision-R1's form, through a whole step."""
    said = ["<answer>ANSWER</answer>", "<answer>no such thing</answer>", "ANSWER"]
    found = answer_with(closing_folder, NOT_THINKING, tmp_path, monkeypatch, said, HardFormatResultReward())
    assert [reward for _, reward in found] == [1.0, 0.0, 0.0]
    assert all(text.startswith(CLOSED + "<answer>") for text, _ in found[:2])


def test_a_policy_that_closes_its_thoughts_at_once_earns_nothing(closing_folder, tmp_path, monkeypatch):
    """Blank thoughts are the template's to write: without its word the form wants some."""
    said = CLOSED + r"\boxed{7}"
    assert answer_with(closing_folder, {}, tmp_path, monkeypatch, [said]) == [(said, 0.0)]


def test_sft_behind_closed_thoughts(closing_folder, tmp_path):
    """Blank thoughts and none are the same to learn; others contradict the template, which one line says."""
    module = sft(closing_folder, NOT_THINKING)
    encoder = module.encoder
    prompt = encoder.encode(some_samples(1)[0])
    assert prompt.opened == CLOSED
    ids = encoder.encode_response(r"\boxed{7}", CLOSED)
    for text in (CLOSED + r"\boxed{7}", r"<think></think>\boxed{7}"):
        assert torch.equal(encoder.encode_response(text, CLOSED), ids)
    with pytest.raises(UserError, match=r"^sample .*: its response holds thoughts, and the chat template has closed"):
        make_example(prompt, encoder, THOUGHTS_THEN_BOX)
    data = examples(some_samples(4), response_template=r"\boxed{{answer}}")
    assert fit(module, data, tmp_path, 1).watch.moved == [True]


def test_an_evaluation_tells_it_too(switched_folder, mixed_samples):
    loader = PretrainedPolicy(str(switched_folder), chat_template_kwargs={"enable_thinking": True})
    for told, opened in (({}, "<think>"), ({"chat_template_kwargs": {"enable_thinking": False}}, "")):
        responder = PolicyResponder(loader, Decoding(extra=told))
        assert responder.encoder.encode(mixed_samples[0]).opened == opened
    with pytest.raises(UserError, match="settings for a server"):
        PolicyResponder(loader, Decoding(extra={"seed": 1}))


def test_what_no_template_reads_is_one_line(switched_folder):
    with pytest.raises(UserError, match=r"^chat_template_kwargs: the chat template reads no thinking_budget$"):
        sft(switched_folder, {"chat_template_kwargs": {"thinking_budget": 3}})


def answer_well(folder, policy_options, tmp_path, monkeypatch):
    """The first response of a step whose first rollout is `SAID`, and its reward."""
    return answer_with(folder, policy_options, tmp_path, monkeypatch, [SAID])[0]


def answer_with(folder, policy_options, tmp_path, monkeypatch, said, function=None):
    """The first responses of a step whose first rollouts are `said`, and their rewards; ANSWER is the right one."""
    module = grpo(
        folder,
        policy_options,
        rewards={"format": WeightedReward(function or FormatReward())},
        max_new_tokens=40,
        engine_check=EngineCheck(every=0),
    )
    module.configure_model()
    engine = module.engine.engine
    draw = type(engine).generate

    def say(prompts, *args, **kwargs):
        drawn = draw(engine, prompts, *args, **kwargs)
        owners = [prompt.sample for prompt in prompts for _ in range(len(drawn.mask) // len(prompts))]
        for row, (text, sample) in enumerate(zip(said, owners, strict=False)):
            ids = module.encoder.encode_response(text.replace("ANSWER", sample.answer))
            drawn.token_ids[row, : len(ids)] = ids
            drawn.mask[row] = torch.arange(drawn.mask.shape[1]) < len(ids)
            drawn.truncated[row] = False
        return drawn

    monkeypatch.setattr(engine, "generate", say)
    kept = Keep()
    fit(module, prompts(some_samples(4)), tmp_path, 1, [kept])
    batch = kept.kept[0][0]
    return list(zip(batch.responses, batch.rewards.tolist(), strict=True))[: len(said)]
