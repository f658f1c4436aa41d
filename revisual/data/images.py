"""Pictures by path, bytes or in memory: opened late, and only from inside their data folder."""

from abc import ABC, abstractmethod
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from revisual.core.errors import UserError
from revisual.data.deep_greys import grey_in_bytes, is_deep

MAX_PIXELS = 64_000_000
"""A picture of more pixels than this is refused before it is decoded; below the limit of Pillow's own warning."""

# A closed list: Pillow opens EPS by running Ghostscript, and other rare formats by code that few people have read.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")

_IN_BASE64 = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
"""How files of PNG, JPEG, GIF and WEBP begin in base64."""
_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class StoredBytes(ABC):
    """The bytes of a picture's file inside a larger file: read when they are needed, and not kept."""

    @abstractmethod
    def read(self) -> bytes:
        """Read the bytes.

        Raises:
            OSError: the file is gone or damaged.
        """

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a text that changes with the bytes."""


@dataclass(frozen=True)
class ImageSource:
    """A picture that is opened when it is needed, given by exactly one of path, data and image.

    Example: `ImageSource(path="images/0.png", root=Path("data/geometry3k"))`

    Args:
        path: the picture's file, relative to `root` or absolute and inside it.
        data: the bytes of a picture's file, or where they are stored.
        image: a picture in memory.
        root: the data folder that `path` must not leave, links followed.
    """

    path: str | None = None
    data: bytes | StoredBytes | None = field(default=None, repr=False)
    image: Image.Image | None = field(default=None, repr=False)
    root: Path | None = None

    def __post_init__(self) -> None:
        if [self.path, self.data, self.image].count(None) != 2:
            raise ValueError("an ImageSource is given by exactly one of path, data and image")
        if self.path is not None and self.root is None:
            raise ValueError("an ImageSource given by path needs the data folder as root")

    def load(self, sample_id: str) -> Image.Image:
        """Return the whole picture in RGB: upright by its EXIF orientation, transparent parts on white.

        Raises:
            UserError: the picture is missing, outside `root`, corrupt or too large; names the sample and the file.
        """
        with self._open(sample_id) as image:
            turn = _TURNS.get(_orientation(image))
            rgb = _rgb(image)
            # Without this, whoever honours the EXIF orientation later would turn the picture a second time.
            rgb.info.clear()
            return rgb if turn is None else rgb.transpose(turn)

    def size(self, sample_id: str) -> tuple[int, int]:
        """Return width and height of what `load` gives, read from the header without decoding, e.g. `(640, 480)`.

        Raises:
            UserError: as `load`, but for damage behind the header, which only decoding finds.
        """
        with self._open(sample_id) as image:
            width, height = image.size
            return (height, width) if _orientation(image) in (5, 6, 7, 8) else (width, height)

    def check(self, sample_id: str) -> None:
        """Decode the picture, as coarsely as its format allows, and let it go.

        Raises:
            UserError: as `load`.
        """
        with self._open(sample_id) as image:
            image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))  # of JPEG only
            image.load()
            if is_deep(image):
                grey_in_bytes(image)

    def fingerprint(self) -> str:
        """Return a text that changes with the picture; for a file, its name, size and time are enough."""
        if self.path is not None and self.root is not None:
            return file_fingerprint(self.root / self.path)
        if isinstance(self.data, StoredBytes):
            return self.data.fingerprint()
        return "in memory" if self.data is None else sha256(self.data).hexdigest()

    def __str__(self) -> str:
        if self.path is not None and self.root is not None:
            path = str(self.root / self.path).replace("\n", "\\n")
            return path if len(path) <= 300 else f"{path[:300]}..."  # a whole picture in base64 may stand as a path
        if isinstance(self.data, StoredBytes):
            return str(self.data)
        return "in memory" if self.data is None else f"of {len(self.data)} bytes"

    def encode(self) -> bytes | None:
        """Return the bytes of the picture's file, where it is given by them."""
        return self.data.read() if isinstance(self.data, StoredBytes) else self.data

    @contextmanager
    def _open(self, sample_id: str) -> Iterator[Image.Image]:
        where = f"sample {sample_id!r}: picture {self}"
        try:
            if self.image is not None:  # not closed here: it is the caller's
                yield _check(self.image)
            else:
                data = self.encode()
                with Image.open(self._file() if data is None else BytesIO(data), formats=FORMATS) as image:
                    yield _check(image)
        except UserError as error:
            raise UserError(f"{where} {error}") from None
        except UnidentifiedImageError as error:
            raise UserError(f"{where} is not a picture in one of the formats {', '.join(FORMATS)}") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise UserError(f"{where} has more than {MAX_PIXELS:,} pixels") from error
        except Exception as error:  # a malformed file can raise nearly anything in Pillow
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise UserError(f"{where} cannot be read: {' '.join(reason.split())}") from error

    def _file(self) -> Path:
        assert self.root is not None and self.path is not None
        root = self.root.resolve()
        file = (root / self.path).resolve()
        if not file.is_relative_to(root):
            raise UserError(f"lies outside the data folder {self.root}")
        if not file.exists():
            raise UserError("does not exist")
        if not file.is_file():  # reading a pipe or a device could wait forever
            raise UserError("is not a file")
        return file


def file_fingerprint(path: Path) -> str:
    """Return a text that changes when the file does."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # what is wrong is said when it is opened
        return f"{path} missing"
    return f"{path.absolute()} {found.st_size} {found.st_mtime_ns}"


def image_source(value: Any, root: Path | None, stored: StoredBytes | None = None) -> ImageSource:
    """Return a picture as data sets give it: path, bytes, PIL image, base64 or a data URL.

    Or an object: the `datasets` form, with `bytes` or `path`, or OpenAI's, with `url` or `image_url`.

    Example: `image_source({"bytes": None, "path": "images/0.png"}, root=Path("data"))`

    Args:
        value: what the data set holds.
        root: the folder that paths start from.
        stored: where the bytes can be read again, so that they need not be kept.

    Raises:
        UserError: the value is none of these, or is a path and there is no folder to look in.
    """
    if isinstance(value, dict):
        value = _of_object(value)
    if isinstance(value, Image.Image):
        return ImageSource(image=value)
    if not value:
        raise UserError("a picture is empty")
    if isinstance(value, bytes):
        return ImageSource(data=stored or value)
    if not isinstance(value, str | PathLike):
        raise UserError(f"a picture is of type {type(value).__name__}, not a path, bytes or a PIL image")
    if isinstance(value, str) and (data := _decoded(value)) is not None:
        return ImageSource(data=data)
    if root is None:
        raise UserError(f"picture {str(value)!r} is a path, and no data folder is set to look in")
    return ImageSource(path=str(value), root=root)


def _of_object(value: dict[Any, Any]) -> Any:
    """Return what an object gives a picture by; addresses on the network are none.

    Raises:
        UserError: nothing that is known.
    """
    if {"bytes", "path"} & value.keys():
        return value.get("bytes") or value.get("path")
    nested = value.get("image_url")
    url = value.get("url") or (nested.get("url") if isinstance(nested, dict) else nested)
    if isinstance(url, str) and url.startswith("data:"):
        return url
    raise UserError(
        f"a picture is an object with the keys {sorted(map(str, value))}, without bytes, path or a data URL"
    )


def _decoded(text: str) -> bytes | None:
    """Return the bytes of a picture that is written in base64, bare or as a data URL; None for a path.

    Raises:
        UserError: it is a data URL that holds something else.
    """
    is_url = text.startswith("data:")
    if not is_url and not (len(text) >= 64 and "." not in text and text.startswith(_IN_BASE64)):
        return None
    head, _, body = text.partition(",") if is_url else ("data:image/;base64", "", text)
    if not (head.startswith("data:image/") and head.endswith(";base64")):
        raise UserError(f"a picture is a data URL that begins with {head[:40]!r}, not with data:image/...;base64")
    try:
        return b64decode("".join(body.split()), validate=True)
    except ValueError as error:
        raise UserError(f"a picture in base64 cannot be read: {error}") from error


def _check(image: Image.Image) -> Image.Image:
    width, height = image.size
    if width * height == 0:
        raise UserError("has no pixels")
    if width * height > MAX_PIXELS:
        raise UserError(f"has {width} x {height} pixels, more than {MAX_PIXELS:,}")
    return image


def _orientation(image: Image.Image) -> int:
    if image.format == "TIFF":  # Pillow turns these itself, and swaps their size on opening
        return 1
    # The base class's method, as the one for PNG decodes the whole picture in search of EXIF data behind the pixels.
    return Image.Image.getexif(image).get(_ORIENTATION_TAG, 1)


def _rgb(image: Image.Image) -> Image.Image:
    if is_deep(image):  # converting alone would clip nearly every grey to white
        return grey_in_bytes(image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
