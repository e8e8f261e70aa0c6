"""Photos as evidence: known by their content, drawn anew without anything but the picture, bounded in size."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runbook.model.text import _

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_SIDE = 4096
PIXELS_AT_MOST = 120_000_000
"""A telephone takes 108 million; one picture of so many takes about half a gigabyte while it is drawn anew."""
JPEG_QUALITY = 90

_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
_MARKUP_HEAD = 1 << 16
_RAW_TAGS = (330, 50706)  # TIFF SubIFDs and DNGVersion: what stands first is a small preview of the photo


class RefusedError(ValueError):
    """Why a file is not kept; `next` is what the person can do instead."""

    def __init__(self, reason: str, next: str) -> None:  # noqa: A002 - what the error registry calls it
        self.next = next
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A photo drawn anew: `ending` is the one that its label gets, `done` what was done with it, in words."""

    data: bytes
    ending: str
    done: str


def kind_of(data: bytes) -> str:
    """JPEG, PNG, GIF, WEBP, TIFF, BMP, HEIF or SVG by what the bytes begin with, whatever they are called; empty for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if data[4:8] == b"ftyp" and any(brand in data[8:64] for brand in _HEIF_BRANDS):
        return "HEIF"
    return "SVG" if _is_svg(data) else ""


def _is_svg(data: bytes) -> bool:
    """Whether it is markup whose outermost element is a drawing. A page or a log that only holds one is not."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = data[:_MARKUP_HEAD].decode(encoding, "replace").lstrip("\x00 \t\r\n")
    if not text.startswith("<"):
        return False
    first = re.search(
        r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)",
        re.sub(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)", "", text, flags=re.S),
    )
    return (first is None and "<svg" in data.decode("latin-1").lower()) or (
        first is not None and first[1].lower() == "svg"
    )


def drawn_anew(data: bytes) -> Drawn | None:
    """The photo with nothing but its picture: no place, no camera, no comment, no preview, nothing behind its end; upright.

    None for what is no picture. Raises RefusedError for a drawing that can hold a script, for a format that is not read here,
    for more than PIXELS_AT_MOST, and for what begins like a picture and is none.
    """
    kind = kind_of(data)
    if not kind:
        return None
    if kind == "SVG":
        raise RefusedError(
            _("an SVG drawing can hold a script"), _("take a picture of the screen, and keep that as PNG")
        )
    if kind == "HEIF":
        raise RefusedError(_("HEIC and AVIF photos are not read here"), _("save it as JPEG first"))
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None  # the limit is our own, looked at before anything is unpacked
        try:
            with Image.open(io.BytesIO(data), formats=[kind]) as photo:
                return _drawn(photo, kind)
        except RefusedError:
            raise
        except Exception as problem:
            reason = _("it begins like a {kind} picture and cannot be read as one").format(kind=kind)
            raise RefusedError(reason, _("save it anew as PNG or JPEG, or pack it into a ZIP file")) from problem


def _drawn(photo: Image, kind: str) -> Drawn:
    before = photo.size
    if before[0] * before[1] > PIXELS_AT_MOST:
        reason = _("its picture has {width} x {height} pixels").format(width=before[0], height=before[1])
        raise RefusedError(
            reason, _("make it smaller; {count} million pixels are the most").format(count=PIXELS_AT_MOST // 10**6)
        )
    tags: Any = getattr(photo, "tag_v2", {})
    if any(tag in tags for tag in _RAW_TAGS):
        raise RefusedError(_("it is a camera's raw file"), _("save it as JPEG first"))
    frames = _frames(photo)
    if kind == "JPEG":
        photo.draft(None, (LARGEST_SIDE, LARGEST_SIDE))
    bare = _bare(photo)
    out = io.BytesIO()
    form = "JPEG" if kind in ("JPEG", "WEBP") and bare.mode in ("RGB", "L") else "PNG"
    bare.save(out, form, **({"quality": JPEG_QUALITY} if form == "JPEG" else {}))
    said = [
        _("drawn anew as {form}, {width} x {height}, without its metadata").format(
            form=form, width=bare.width, height=bare.height
        )
    ]
    if max(before) > LARGEST_SIDE:
        said.append(_("made smaller from {width} x {height}").format(width=before[0], height=before[1]))
    if frames > 1:
        said.append(_("only the first of {count} pictures").format(count=frames))
    return Drawn(out.getvalue(), ".jpg" if form == "JPEG" else ".png", "; ".join(said))


def _frames(photo: Image) -> int:
    """How many pictures the file holds; 1 where it cannot be counted."""
    with suppress(Exception):
        return int(getattr(photo, "n_frames", 1))
    return 1


def _bare(photo: Image) -> Image:
    """The first picture alone, upright, at most LARGEST_SIDE, with eight bits a channel: pixels and nothing beside them."""
    from PIL import Image as Images
    from PIL import ImageOps

    photo.seek(0)
    photo.load()
    picture: Image = photo
    with suppress(Exception):  # an orientation that cannot be read turns nothing
        picture = ImageOps.exif_transpose(photo)
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif picture.mode not in ("L", "RGB", "RGBA"):
        see_through = picture.mode in ("LA", "PA", "La", "RGBa") or "transparency" in picture.info
        picture = picture.convert("RGBA" if see_through else "RGB")
    if max(picture.size) > LARGEST_SIDE:
        # The copy's sides keep their proportion; neither is less than a pixel.
        picture = ImageOps.contain(picture, (LARGEST_SIDE, LARGEST_SIDE), Images.Resampling.LANCZOS)
    return Images.frombytes(picture.mode, picture.size, picture.tobytes())
