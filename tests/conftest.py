"""A tiny policy, and a few samples with and without pictures."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
import torch
from PIL import Image

from revisual.data.encoding import PromptEncoder
from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.data.synthetic.shapes import ShapesTask
from revisual.models.policy import PretrainedPolicy
from revisual.models.tiny import CHAT_WORDS, TinyArchitecture, save_tiny_policy

torch.set_num_threads(1)

SMALL = TinyArchitecture(hidden=64, layers=2, heads=2, intermediate=96, vision_hidden=64, vocabulary=400)


def small_texts():
    samples = [*ArithmeticTask(count=30)(), *ShapesTask(count=30)()]
    return [CHAT_WORDS, *(f"{s.question} <think>{s.solution}</think>\\boxed{{{s.answer}}}" for s in samples)]


def picture(width, height, seed=0):
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (height, width, 3), generator=generator, dtype=torch.uint8)
    return Image.fromarray(pixels.numpy())


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """What is cached goes into a folder of the session's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def policy_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy") / "tiny"
    save_tiny_policy(folder, SMALL, small_texts(), seed=3)
    return folder


@pytest.fixture(scope="session")
def processor(policy_folder):
    return PretrainedPolicy(str(policy_folder)).load_processor()


@pytest.fixture(scope="session")
def encoder(processor):
    return PromptEncoder(processor, system_prompt=None)


@pytest.fixture
def policy(policy_folder, processor):
    return PretrainedPolicy(str(policy_folder)).load(processor)


@pytest.fixture
def sensitive_policy(policy):
    """One whose answers depend on every word of the prompt: weights are larger than an untrained model's."""
    with torch.no_grad():
        for parameter in policy.parameters():
            if parameter.ndim > 1:
                parameter.mul_(3)
    return policy


@pytest.fixture(scope="session")
def mixed_samples():
    return picture_samples()


def picture_samples():
    """Prompts of different lengths with 1, 0, 2, 0 and 1 pictures of different sizes."""

    def sample(name, question, *sizes):
        images = [ImageSource(image=picture(*size, seed=k)) for k, size in enumerate(sizes)]
        return Sample(name, question, "4", "mixed", images)

    return [
        sample("one", "What colour is the circle?", (56, 84)),
        sample("none", "What is 7 + 5?"),
        sample("two", "Which is larger?", (40, 30), (112, 56)),
        sample("none-long", "What is 17 + 25 and what is 90 - 13, if it is anything?"),
        sample("square", "What?", (28, 28)),
    ]


@pytest.fixture(scope="session")
def mixed_prompts(encoder, mixed_samples):
    return [encoder.encode(sample) for sample in mixed_samples]


def pytest_collection_modifyitems(items):
    """Begin the longest test first: at the end it would keep one process waiting for minutes."""
    items.sort(key=lambda item: item.name != "test_the_quickstart_as_it_stands")
