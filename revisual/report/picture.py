"""Pictures inside the page, as data."""

from base64 import b64encode
from io import BytesIO

from PIL.Image import Image, Resampling

from revisual.report.html import Element, element

SIGNATURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}
EMBEDDED_MODES = {"1", "L", "LA", "P", "RGB", "RGBA"}


def picture(image: Image | bytes, alt: str, max_side: int = 512) -> Element:
    """Return `image` as an element: a PIL picture is shrunk to `max_side` and stored as PNG, bytes are kept.

    Example: `picture(Image.new("RGB", (64, 64)), alt="A black square")`

    Raises:
        ValueError: bytes that are neither PNG, JPEG, GIF nor WebP.
    """
    data = image if isinstance(image, bytes) else encode_png(image, max_side)
    uri = f"data:image/{image_format(data)};base64,{b64encode(data).decode('ascii')}"
    return element("img", src=uri, alt=alt, class_="picture")


def encode_png(image: Image, max_side: int) -> bytes:
    """Encode `image` as a PNG file no larger than `max_side` on either side."""
    shown = image if image.mode in EMBEDDED_MODES else image.convert("RGB")
    if max(shown.size) > max_side:
        shown = shown.convert("RGBA" if shown.mode in {"LA", "P", "RGBA"} else "RGB")
        shown.thumbnail((max_side, max_side), Resampling.LANCZOS)
    buffer = BytesIO()
    shown.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def image_format(data: bytes) -> str:
    r"""Return an image's format, from its first bytes.

    Example: `image_format(b"\xff\xd8\xff\xe0") == "jpeg"`
    """
    for signature, name in SIGNATURES.items():
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise ValueError("a picture's bytes are neither PNG, JPEG, GIF nor WebP")
