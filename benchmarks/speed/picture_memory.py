"""Memory of a process that has read a data set of many pictures: `python benchmarks/speed/picture_memory.py`."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from revisual.data.readers import ParquetReader
from revisual.data.sample import Sample


def anonymous_bytes() -> int:
    """Return what of this process lies in memory and in no file."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def write_pictures(path: Path, count: int, side: int, group: int) -> int:
    """Write pictures of noise, which nothing compresses; return the bytes of their files."""
    generator, total = np.random.default_rng(0), 0
    with TemporaryDirectory() as made:
        picture = Path(made) / "one.jpg"
        schema = pa.schema(
            {"question": pa.string(), "answer": pa.string(), "images": pa.list_(pa.struct({"bytes": pa.binary()}))}
        )
        with pq.ParquetWriter(path, schema) as writer:
            for start in range(0, count, group):
                rows = []
                for i in range(start, min(start + group, count)):
                    Image.fromarray(generator.integers(0, 255, (side, side, 3), dtype=np.uint8)).save(picture)
                    data = picture.read_bytes()
                    total += len(data)
                    rows.append({"question": f"What is {i}?", "answer": str(i), "images": [{"bytes": data}]})
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    return total


def main() -> None:
    """Write, read and report."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=26_000)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--group", type=int, default=100, help="rows in a row group")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pictures.parquet"
        total = write_pictures(path, options.count, options.side, options.group)
        before = anonymous_bytes()
        samples: list[Sample] = list(ParquetReader(path)())
        after = anonymous_bytes()
        for sample in samples[:: max(1, len(samples) // 200)]:
            sample.load_images()
        used = anonymous_bytes()
    sys.stdout.write(
        f"{len(samples):,} pictures of {total / 1e6:,.0f} MB: +{(after - before) / 1e6:.0f} MB when they are read, "
        f"+{(used - before) / 1e6:.0f} MB when 200 were opened\n"
    )


if __name__ == "__main__":
    main()
