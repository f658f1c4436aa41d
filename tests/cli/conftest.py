"""A picture, and a file of questions with and without one."""

import json

import pytest
from PIL import Image

QUESTIONS = [
    {"id": "a", "question": "Which colour?", "images": ["red.png"], "answer": "red"},
    {"id": "b", "question": "Which?", "choices": ["one", "two"]},
    {"id": "c", "question": "What is 7 + 5?"},
]


@pytest.fixture
def picture(tmp_path):
    Image.new("RGB", (60, 40), "red").save(tmp_path / "red.png")
    return tmp_path / "red.png"


@pytest.fixture
def questions(tmp_path, picture):
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in QUESTIONS))
    return path
