from revisual.cli.main import main


def line(capsys, *args):
    assert main(args) == 2
    (error,) = capsys.readouterr().err.splitlines()
    return error


def test_a_file_that_is_no_yaml(capsys, tmp_path):
    (tmp_path / "config.yaml").write_text("a: [1\nb: 2\n")
    told = line(capsys, "fit", f"--config={tmp_path / 'config.yaml'}")
    assert "line 2, column 2" in told and "config.yaml: is no YAML: " in told and "unicode string" not in told


def test_commands_without_lightning(capsys):
    assert line(capsys, "tiny", "--out=x", "--data=Foo") == "revisual tiny: data: expected list, got 'Foo'"
    assert "unrecognized arguments: --sed=1" in line(capsys, "tiny", "--out=x", "--data=[ArithmeticTask]", "--sed=1")
    assert "no command 'fti'" in line(capsys, "fti")
