"""Two ranks and one server; started by torchrun from test_vllm_server.py."""

import sys
from pathlib import Path

import torch
import torch.distributed as dist

sys.path.insert(0, str(Path(__file__).parents[2]))

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.synthetic.shapes import ShapesTask
from revisual.models.policy import PretrainedPolicy
from revisual.models.sharding import full_tensors
from revisual.rollout.engine import Sampling
from revisual.rollout.vllm.server import VLLMServerRollout
from rollout.vllm.helpers import gap


def main(url, policy_folder, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    loader = PretrainedPolicy(policy_folder)
    processor = loader.load_processor()
    policy = loader.load(processor)
    with torch.no_grad():
        policy.model.language_model.norm.weight *= 3  # not what the server was started with
    encoder = PromptEncoder(processor, system_prompt=None)
    engine = VLLMServerRollout(url)
    engine.attach(policy, encoder)
    sent = full_tensors(policy) if rank == 0 else [(name, tensor + 1) for name, tensor in full_tensors(policy)]
    engine.load_weights(sent)
    prompts = [encoder.encode(sample) for sample in list(ShapesTask(count=4)())[rank::2]]
    completions = engine.generate(prompts, Sampling(n=4), 12, range(8))
    (Path(folder) / f"gap{rank}").write_text(str(gap(policy, encoder, prompts, completions)))
    try:
        engine.load_weights((name, tensor) for name, tensor in full_tensors(policy) if name != "lm_head.weight")
    except UserError as error:
        (Path(folder) / f"error{rank}").write_text(str(error))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
