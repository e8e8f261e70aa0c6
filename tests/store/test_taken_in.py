"""Files taken in as evidence: photos drawn anew, everything else as it is, nothing that blocks or bursts."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from runbook.model.errors import RunbookError
from runbook.store import photos, taken_in
from runbook.store.photos import LARGEST_SIDE, RefusedError, drawn_anew, kind_of
from runbook.store.taken_in import NAME_AT_MOST, label

PLACE = "GPS-39.9-116.4"
"""Stands in every kind of metadata that the tests write; it must be in no file that is kept."""
FORMS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")


def exif(orientation: int = 1) -> Image.Exif:
    """What a telephone writes: camera, place, a description, an orientation."""
    found = Image.Exif()
    found[0x010F], found[0x010E], found[0x0112] = "Camera", PLACE, orientation
    found.get_ifd(0x8825).update({1: "N", 2: (39.0, 54.0, 27.0), 3: "E", 4: (116.0, 23.0, 17.0), 29: PLACE})
    return found


def photo(form: str, *, size: tuple[int, int] = (60, 40), orientation: int = 1) -> bytes:
    """A picture whose left half is red and right half blue, with every kind of metadata that its format has."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    more: dict[str, object] = {}
    if form in ("JPEG", "PNG", "WEBP", "TIFF"):
        more["exif"] = exif(orientation)
    if form in ("JPEG", "GIF"):
        more["comment"] = PLACE.encode()
    if form == "WEBP":
        more["xmp"] = f"<x:xmpmeta>{PLACE}</x:xmpmeta>".encode()
    if form == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", PLACE)
        text.add_itxt("XML:com.adobe.xmp", PLACE, zip=True)
        more["pnginfo"] = text
    picture.save(out, form, **more)
    return out.getvalue() + PLACE.encode() + b"<script>alert(1)</script>"


@pytest.mark.parametrize("form", FORMS)
def test_nothing_but_the_picture_is_kept(form: str) -> None:
    """Of every format: no place, no comment, no profile, nothing behind the end; the picture is the same."""
    data = photo(form)
    assert kind_of(data) == form
    assert PLACE.encode() in data
    drawn = drawn_anew(data)
    assert drawn is not None
    assert PLACE.encode() not in drawn.data
    assert b"script" not in drawn.data
    with Image.open(io.BytesIO(drawn.data)) as again:
        left = again.info.keys() - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert (again.size, dict(again.getexif()), left) == ((60, 40), {}, set())
        first, last = again.convert("RGB").getpixel((5, 20)), again.convert("RGB").getpixel((55, 20))
        assert isinstance(first, tuple) and isinstance(last, tuple)
        assert (first[0] > 200 > 60 > first[2], last[2] > 200 > 60 > last[0]) == (True, True)


def test_what_is_searched_for_is_in_the_photo_before() -> None:
    """The place stands in the EXIF of the sample itself, so that its absence means something."""
    with Image.open(io.BytesIO(photo("JPEG"))) as before:
        assert before.getexif()[0x010E] == PLACE
        assert before.getexif().get_ifd(0x8825)[29] == PLACE
        assert before.info["comment"] == PLACE.encode()


@pytest.mark.parametrize(("orientation", "size"), [(1, (60, 40)), (3, (60, 40)), (6, (40, 60)), (8, (40, 60))])
def test_the_picture_is_upright_without_its_orientation(orientation: int, size: tuple[int, int]) -> None:
    """What the camera only noted is done to the picture before the note is dropped."""
    drawn = drawn_anew(photo("JPEG", orientation=orientation))
    assert drawn is not None
    with Image.open(io.BytesIO(drawn.data)) as again:
        assert again.size == size


def test_a_large_photo_is_made_smaller_and_says_so() -> None:
    drawn = drawn_anew(photo("JPEG", size=(6000, 1500)))
    assert drawn is not None
    with Image.open(io.BytesIO(drawn.data)) as again:
        assert again.size == (LARGEST_SIDE, 1024)
    assert drawn.done == "drawn anew as JPEG, 4096 x 1024, without its metadata; made smaller from 6000 x 1500"


def test_of_several_pictures_the_first_is_kept_and_that_is_said() -> None:
    out = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(
        out, "GIF", save_all=True, append_images=[Image.new("RGB", (9, 9), colour) for colour in ("blue", "lime")]
    )
    drawn = drawn_anew(out.getvalue())
    assert drawn is not None
    assert "only the first of 3 pictures" in drawn.done
    with Image.open(io.BytesIO(drawn.data)) as again:
        assert again.convert("RGB").getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_kind_of_pixel_is_drawn(mode: str) -> None:
    """Whatever a scanner or a screenshot writes ends as eight bits a channel."""
    picture, form = Image.new(mode, (8, 8)), "TIFF"
    out = io.BytesIO()
    try:
        picture.save(out, form)
    except OSError:
        out = io.BytesIO()
        picture.save(out, "PNG")
    drawn = drawn_anew(out.getvalue())
    assert drawn is not None
    with Image.open(io.BytesIO(drawn.data)) as again:
        assert (again.size, again.mode) in [((8, 8), mode) for mode in ("L", "RGB", "RGBA")]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few KiB that claims to be so large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(10**6), 9))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (120_000_001, 1), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_bursts_is_refused_before_it_is_unpacked(width: int, height: int) -> None:
    """Its size is read from the head alone: nothing of the size of the picture is ever allocated."""
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError) as refused:
            drawn_anew(bomb(width, height))
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()
    assert f"{width} x {height}" in str(refused.value)
    assert "120 million" in refused.value.next


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\xef\xbb\xbf \n<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'b'>]><SVG/>",
        b"<!-- <html> --><s:svg xmlns:s='http://www.w3.org/2000/svg'/>",
        "<?xml version='1.0' encoding='utf-16'?><svg/>".encode("utf-16"),
        b"<!--" + b"x" * 70_000 + b"--><svg/>",
    ],
    ids=["plain", "doctype", "namespace", "utf16", "far"],
)
def test_a_drawing_that_can_hold_a_script_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match="script") as refused:
        drawn_anew(data)
    assert "PNG" in refused.value.next


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_format_that_is_not_read_here_is_refused_with_what_to_do(brand: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        drawn_anew(b"\0\0\0\x18ftyp" + brand + bytes(40))
    assert "JPEG" in refused.value.next


def test_a_raw_photo_is_refused() -> None:
    """What stands first in it is a small preview: to keep that would lose the photo."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(RefusedError, match="raw"):
        drawn_anew(out.getvalue())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"BMC log of the night",
        b"02:51 agent <svg> cannot sign in",
        b"<!doctype html><html><svg></svg></html>",
        b"<a/>",
        b"<",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\0" * 40,
    ],
)
def test_what_is_no_picture_stays_as_it_is(data: bytes) -> None:
    assert drawn_anew(data) is None


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_photo_is_drawn_or_refused_and_nothing_else(form: str, data: st.DataObject) -> None:
    """Bytes changed, cut off, put in anywhere: a picture without metadata, or a refusal; never another error."""
    whole = bytearray(photo(form))
    for _turn in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(20, len(whole)))])
    try:
        drawn = drawn_anew(cut)
    except RefusedError:
        return
    assert drawn is None or kind_of(drawn.data) in ("JPEG", "PNG")


def test_a_photo_that_is_an_archive_too_loses_the_archive(tmp_path: Path) -> None:
    """A polyglot is drawn anew like any photo: what hid behind the picture is gone."""
    out = io.BytesIO(photo("JPEG"))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("x.html", "<script>alert(1)</script>")
    (tmp_path / "x.zip").write_bytes(out.getvalue())
    assert zipfile.is_zipfile(tmp_path / "x.zip")
    taken = taken_in.taken_in(tmp_path / "x.zip")
    assert not zipfile.is_zipfile(io.BytesIO(taken.data))
    assert taken.name == "x.jpg"


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\board.txt", "board.txt"),
        ("..", "file"),
        ("/", "file"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("a\nb\x1b[31m.txt", "a_b_[31m.txt"),
        ("板子 3.jpg", "板子 3.jpg"),
        ("\udcff.bin", "_.bin"),
        (".bashrc", "bashrc"),
    ],
)
def test_a_name_is_only_a_label(given_: str, kept: str) -> None:
    """No part of a path, nothing that cannot be seen or turns what is read, never empty."""
    assert label(given_) == kept


@given(st.text(max_size=400))
def test_every_label_is_short_and_visible(name: str) -> None:
    made = label(name)
    assert 0 < len(made) <= NAME_AT_MOST
    assert not set("/\\\n\t\0\u202e") & set(made)


@pytest.mark.parametrize(("size", "taken"), [(1000, True), (1001, False)])
def test_a_file_is_taken_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, taken: bool
) -> None:
    """Exactly the limit is taken, one byte more is refused."""
    monkeypatch.setattr(taken_in, "LARGEST", 1000)
    monkeypatch.setattr(taken_in, "_PIECE", 300)
    file = tmp_path / "file.bin"
    file.write_bytes(bytes(size))
    if taken:
        assert len(taken_in.taken_in(file).data) == size
    else:
        with pytest.raises(RunbookError, match="larger"):
            taken_in.taken_in(file)


def test_two_gigabytes_are_refused_without_reading_them(tmp_path: Path) -> None:
    """A sparse file of 2 GiB: read as far as the limit and no further."""
    file = tmp_path / "huge.bin"
    with file.open("wb") as made:
        os.truncate(made.fileno(), 2 << 30)
    tracemalloc.start()
    try:
        with pytest.raises(RunbookError, match="larger than 64 MiB"):
            taken_in.bounded(file)
        assert tracemalloc.get_traced_memory()[1] < 80 << 20
    finally:
        tracemalloc.stop()


def test_pixels_are_counted_before_anything_is_drawn() -> None:
    """The limit is above every telephone's photo and below what this laptop cannot hold."""
    assert 108_000_000 < photos.PIXELS_AT_MOST < 200_000_000
