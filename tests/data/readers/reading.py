"""Small files for readers, and the one line that they say."""

import json
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from revisual.core.errors import UserError

GOOD = {"id": "a", "question": "What is 6 * 7?", "answer": "42"}


def png(color="red"):
    buffer = BytesIO()
    Image.new("RGB", (4, 3), color).save(buffer, "PNG")
    return buffer.getvalue()


def jsonl(folder, *rows, name="train.jsonl"):
    path = folder / name
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def parquet(folder, rows, name="train.parquet"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def error_of(call):
    with pytest.raises(UserError) as caught:
        result = call()
        list(result)
    message = str(caught.value)
    assert "\n" not in message
    return message
