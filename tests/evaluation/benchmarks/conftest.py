import pytest


@pytest.fixture(scope="module", autouse=True)
def datasets_cache(tmp_path_factory):
    """What `datasets` caches goes into a folder of the module's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_DATASETS_CACHE", "EXTRACTED_DATASETS_PATH"):
            patch.setattr(f"datasets.config.{name}", str(tmp_path_factory.mktemp("cache")))
        yield
