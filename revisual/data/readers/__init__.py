"""From data files to samples, one reader per kind of file."""

from revisual.data.readers.base import SampleReader, TableReader, read_all
from revisual.data.readers.hf import HFDatasetReader
from revisual.data.readers.jsonl import JSONLReader
from revisual.data.readers.parquet import ParquetReader

__all__ = ["HFDatasetReader", "JSONLReader", "ParquetReader", "SampleReader", "TableReader", "read_all"]
