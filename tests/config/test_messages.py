import pytest
import yaml

from revisual.cli.main import main
from revisual.config.messages import one_line

POLICY = {"class_path": "PretrainedPolicy", "init_args": {"path": "x"}}


def model(**options):
    return {"model": {"class_path": "GRPOModule", "init_args": {"policy": POLICY, **options}}}


def line(capsys, *args):
    assert main(args) == 2
    (error,) = capsys.readouterr().err.splitlines()
    return error


@pytest.mark.parametrize(("args", "told"), [
    (["--model=GRPOModule", "--model.init_args.seed=eight"],
     "model.init_args.seed: expected int, got 'eight'"),
    (["--model=GRPOModule", "--model.init_args.advantage_filter=KeepAl"],
     "model.init_args.advantage_filter: unknown class 'KeepAl'; did you mean KeepAll?"),
    (["--model=GRPOModule", "--model.init_args.groupsize=8"],
     "model.init_args.groupsize: there is no such option"),
    (["--trainer.maxsteps=8"], "unrecognized arguments: --trainer.maxsteps=8; did you mean trainer.max_steps?"),
    (["--trainer.max_step=8"], "unrecognized arguments: --trainer.max_step=8; did you mean trainer.max_steps?"),
    (["--model=GRPOModule", "--model.policy=PretrainedPolicy", "--model.policy.path=x", "--model.policy.lora=null"],
     "model.init_args.policy.lora: null can be given in a config alone; on the command line leave the option out"),
    (["--model=GRPOModule", "--model.init_args.advantage_filter=myparts.Foo"],
     "model.init_args.advantage_filter: myparts.Foo: no module 'myparts' is found; put the folder that it lies in on "
     "PYTHONPATH"),
    (["--trainer.callbacks=myparts.Foo"],
     "trainer.callbacks: myparts.Foo: no module 'myparts' is found; put the folder that it lies in on PYTHONPATH"),
    (["--model=GRPOModule", "--model.init_args.policy.init_args.path=x"],
     "model.init_args.policy.init_args.path: is set, and there is no class_path beside it: name a class in the config"),
    (["--config=/no/such.yaml"], "File does not exist: '/no/such.yaml'"),
    ([], "the following arguments are required: fit.data, fit.model"),
])  # fmt: skip
def test_on_the_command_line(capsys, args, told):
    assert line(capsys, "fit", *args).endswith(told)


@pytest.mark.parametrize(("config", "told"), [
    (model(seed="eight"), "model.init_args.seed: expected int, got 'eight'"),
    (model(policy={**POLICY, "init_args": {"path": "x", "freeze": ["vision"]}}),
     "model.init_args.policy.init_args.freeze: expected Literal['vision_tower', 'projector', 'language_model'], "
     "got 'vision'"),
    (model(groupsize=8), "model.init_args.groupsize: there is no such option"),
    (model(advantage_filter={"class_path": "PrioritizedAdvantageDistillation", "init_args": {"ratoi": 1}}),
     "model.init_args.advantage_filter.init_args.ratoi: there is no such option; did you mean ratio?"),
    (model(advantage_filter={"class_path": "Foo"}),
     "model.init_args.advantage_filter: unknown class 'Foo'; there are: EffectiveOnly, KeepAll, PowerSampling, "
     "PrioritizedAdvantageDistillation, RandomSubsample, WithoutTruncated"),
    (model(advantage_filter="PAD"),
     "model.init_args.advantage_filter: unknown class 'PAD'; did you mean PrioritizedAdvantageDistillation?"),
    (model(sampling={"group_siz": 8}),
     "model.init_args.sampling.group_siz: there is no such option; did you mean group_size?"),
    (model(rewards={"a": {"function": "AccuracyRewrd", "weight": 1}}),
     "model.init_args.rewards.a.function: unknown class 'AccuracyRewrd'; did you mean AccuracyReward?"),
    (model(optimizer={"class_path": "torch.optim.AdamX"}),
     "model.init_args.optimizer: unknown class 'torch.optim.AdamX'"),
    ({"model": {"class_path": "GRPOModul"}}, "model: unknown class 'GRPOModul'; did you mean GRPOModule?"),
    ({"trainer": {"callbacks": [{"class_path": "LengthReward", "init_args": {"wieght": 1}}]}},
     "trainer.callbacks.0.init_args.wieght: there is no such option; did you mean weight?"),
    ({"trainer": {"max_steps": "three"}}, "trainer.max_steps: expected int, got 'three'"),
    ({"modle": {"class_path": "GRPOModule"}},
     "Subcommand 'fit' does not accept option 'modle.class_path'; did you mean model?"),
    ({"trainer": {"max_step": 3}},
     "Subcommand 'fit' does not accept option 'trainer.max_step'; did you mean trainer.max_steps?"),
])  # fmt: skip
def test_in_a_config(capsys, tmp_path, config, told):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert line(capsys, "fit", f"--config={tmp_path / 'config.yaml'}") == f"revisual fit: {told}"


def test_what_is_not_understood_stays_as_it_is():
    assert one_line('Parser key "a":\n  Something\n  else') == 'Parser key "a": Something else'
    assert one_line("Other\n words") == "Other words"
    assert len(one_line("x" * 1000)) == 600
