"""A chat template that writes `<think>` into the prompt, as those of thinking models do."""

import shutil

import pytest
import torch

from revisual.client.request import Decoding
from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.sft import THOUGHTS_THEN_BOX, response_text
from revisual.evaluation.policy_responder import PolicyResponder
from revisual.models.policy import PretrainedPolicy
from revisual.models.processor import save_processor
from revisual.rewards.functions import FormatReward, WeightedReward
from revisual.training.engine_check import EngineCheck
from training.helpers import Keep, examples, fit, grpo, prompts, sft, some_samples

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
    module = grpo(
        folder,
        policy_options,
        rewards={"format": WeightedReward(FormatReward())},
        max_new_tokens=40,
        engine_check=EngineCheck(every=0),
    )
    module.configure_model()
    ids = torch.tensor(module.encoder.encode_response(SAID))
    engine = module.engine.engine
    draw = type(engine).generate

    def say(prompts, *args, **kwargs):
        drawn = draw(engine, prompts, *args, **kwargs)
        drawn.token_ids[0, : len(ids)] = ids
        drawn.mask[0] = torch.arange(drawn.mask.shape[1]) < len(ids)
        drawn.truncated[0] = False
        return drawn

    monkeypatch.setattr(engine, "generate", say)
    kept = Keep()
    fit(module, prompts(some_samples(4)), tmp_path, 1, [kept])
    batch = kept.kept[0][0]
    return batch.responses[0], float(batch.rewards[0])
