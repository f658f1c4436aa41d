from collections import Counter

import yaml
from datasets import load_dataset
from PIL import Image

from data_recipes.grammar.helpers import items, lines
from revisual.cli.main import main
from revisual.data.readers import HFDatasetReader, ParquetReader


def test_parts_are_what_they_should_be(published):
    found = items(published, "balance")
    rows = found.table.to_pylist()
    assert Counter(row["part"] for row in rows) == {"cold_start": 40, "multimodal_rl": 40, "text_rl": 30}
    assert all(row["solution"] for row in rows if row["part"] == "cold_start")
    assert len({row["id"] for row in rows}) == 110
    levels = Counter(row["level"] for row in rows if row["part"] == "text_rl")
    assert set(levels.values()) <= {2, 3, 4}


def test_the_folder_is_a_data_set(published, tmp_path):
    folder = str(published / "publish/dataset")
    data = load_dataset(folder, "multimodal_rl", cache_dir=str(tmp_path))
    assert {split: len(rows) for split, rows in data.items()} == {"train": 32, "validation": 8}
    assert isinstance(data["train"][0]["images"][0], Image.Image)
    shown = [{row["images"][0].tobytes() for row in rows} for rows in data.values()]
    assert not shown[0] & shown[1]  # no picture is in both
    assert set(data["train"][0]["extra"]) == {"topic", "level", "pass_rate", "strong_pass_rate", "source_extra"}
    texts = load_dataset(folder, "cold_start", split="train", cache_dir=str(tmp_path))
    assert len(texts) == 32 and set(texts["solution"]) == {"worked"}
    assert sorted(p.name for p in (published / "publish/dataset/cold_start").glob("train-*")) == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]


def test_the_projects_readers_read_it(published):
    folder = published / "publish/dataset"
    by_parquet = list(ParquetReader(folder / "multimodal_rl/train-*.parquet")())
    by_hub = list(HFDatasetReader(str(folder), subset="multimodal_rl")())
    assert [s.id for s in by_parquet] == [s.id for s in by_hub]
    assert by_parquet[0].load_images()[0].size == (80, 60) == by_hub[0].load_images()[0].size
    assert by_parquet[0].source == "pictures" and by_parquet[0].extra["level"] == 0


def test_a_stage_reads_it_without_further_work(published, policy_folder, tmp_path):
    overlay = yaml.safe_load((published / "publish/dataset/cold_start.yaml").read_text())
    assert overlay["data"]["class_path"] == "SFTDataModule"
    config = {
        "trainer": {"accelerator": "cpu", "max_steps": 1, "logger": False, "enable_checkpointing": False,
            "callbacks": [{"class_path": "HFExport"}], "default_root_dir": str(tmp_path)},
        "model": {
            "class_path": "SFTModule",
            "init_args": {
                "policy": {"class_path": "PretrainedPolicy", "init_args": {"path": str(policy_folder)}},
                "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 0.001}},
                "max_new_tokens": 4,
            },
        },
        "data": {"class_path": "SFTDataModule", "init_args": {"batch_size": 4}},
    }  # fmt: skip
    path = tmp_path / "stage.yaml"
    path.write_text(yaml.safe_dump(config))
    main(
        [
            "fit",
            "--config",
            str(path),
            "--config",
            str(published / "publish/dataset/cold_start.yaml"),
            "--trainer.enable_progress_bar=false",
        ]
    )
    assert (tmp_path / "export/config.json").is_file()


def test_dropped_files_are_there(published):
    assert lines(published / "collect/dropped.jsonl") == []
