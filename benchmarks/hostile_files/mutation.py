"""Damage a file in a way that fits its format: bytes, JSON, text, NumPy archives and tensors.

Every function takes the file's bytes and a random generator, and returns other bytes.
"""

from __future__ import annotations

import io
import json
import math
import pickle
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePath
from random import Random
from typing import Any

import numpy as np

_DEEP = "stands for a deeply nested list"
_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 255, 2**31, 2**63, -(2**63), 2**64, 10**400, 0.5, -0.5, 1e-300, 1e308),
    *(math.nan, math.inf, -math.inf, "", "x", "3", "1@40", "nan", "\n", "two\nlines", "\ud800", "\0", "x" * 300),
    *("../../x", "/dev/zero", "é" * 40, "%s {0}", [], {}, [[]], [None], [1, 2, 3], ["a"], {"a": 1}, [{}], _DEEP),
)
_ODD_WORDS = (
    *("", "0", "-1", "1e999", "9" * 400, "9" * 5000, "nan", ".inf", "0x7fffffffffffffff", "1:2:3", "2001-99-99", "~"),
    *(
        "true",
        "[",
        "{",
        "]",
        "}",
        '"',
        "'",
        "&a",
        "*a",
        "&a [*a, *a]",
        "!!python/object/apply:os.system [ls]",
        "<<: *a",
    ),
    *("!!binary x", "!!float 1:1:1", "? [1]", "- -", "\t", "\r", "\0", "#", "|", ">", "é", "\ufeff", ",", ";", "../x"),
)
_DTYPES = ("|O", "<f8", "<f4", "<i8", "|u1", "|b1", "<U4", "|S3", "<c16", "|V8", "<M8[s]", "[('a','<f8')]", ">f8", "x")
_SHAPES = ("()", "(0,)", "(1,)", "(2**40,)", "(1099511627776,)", "(-1,)", "(-2,-2)", "(3,4)", "(0,9223372036854775807)")


def changed_bytes(data: bytes, random: Random) -> bytes:
    """Change bits or bytes, cut, double, insert or fill a part."""
    changed = bytearray(data)
    first, second = sorted((random.randrange(len(data) + 1), random.randrange(len(data) + 1)))
    match random.randrange(6):
        case 0:
            for _ in range(random.randint(1, 8)):
                if changed:
                    changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        case 1:
            for _ in range(random.randint(1, 8)):
                if changed:
                    changed[random.randrange(len(changed))] = random.choice(
                        (0, 1, 0x7F, 0x80, 0xFF, random.randrange(256))
                    )
        case 2:
            del changed[first:]
        case 3:
            del changed[first:second]
        case 4:
            changed[first:first] = changed[first:second] if random.random() < 0.5 else random.randbytes(second - first)
        case _:
            changed[first:second] = random.choice((b"\0", b"\xff", b"[", b"9")) * (second - first)
    return bytes(changed)


def changed_json(data: bytes, random: Random) -> bytes:
    """Replace, remove, rename, double or wrap values of a JSON document, up to three of them."""
    document = json.loads(data)
    for _ in range(random.randint(1, 3)):
        document = _changed_value(document, random)
    text = json.dumps(document)
    depth = random.choice((20, 50, 100, 500, 900, 2000, 100_000))
    return text.replace(json.dumps(_DEEP), "[" * depth + "]" * depth).encode()


def _changed_value(value: Any, random: Random) -> Any:
    """The value with something inside it changed, or another value in its place."""
    if isinstance(value, dict | list) and value and random.random() < 0.85:
        return _changed_container(value, random)
    choices: list[Callable[[], Any]] = [lambda: random.choice(_ODD_VALUES)] * 3
    if isinstance(value, int | float) and not isinstance(value, bool):
        factor = random.choice((-1, 0.5, 2, 10, 1e3))
        choices += [lambda: value + 1, lambda: value - 1, lambda: value * factor, lambda: str(value)]
    if isinstance(value, str):
        choices += [lambda: value[: len(value) // 2], lambda: value * 2, lambda: value.upper(), lambda: [value]]
    if isinstance(value, list | dict):
        choices += [lambda: [value], lambda: {"a": value}, lambda: list(value)]
    return random.choice(choices)()


def _changed_container(value: dict[str, Any] | list[Any], random: Random) -> Any:
    key: Any = random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
    changed: Any = value.copy()
    match random.randrange(8):
        case 0:
            del changed[key]
        case 1 if isinstance(changed, dict):
            changed[random.choice(("", "a", "format", f"{key}x", "self", "__class__"))] = changed.pop(key)
        case 1:
            changed *= random.choice((2, 3, 50))
        case 2:
            other: Any = random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
            changed[key], changed[other] = changed[other], changed[key]
        case _:
            changed[key] = _changed_value(changed[key], random)
    return changed


def changed_text(data: bytes, random: Random) -> bytes:
    """Replace words or numbers, or cut, double and move lines, of a table or a YAML file."""
    text = data.decode("utf-8", "replace")
    for _ in range(random.randint(1, 3)):
        words = list(re.finditer(r"[^\s,:;]+", text))
        lines = text.splitlines(keepends=True)
        if not words:
            return random.choice(_ODD_WORDS).encode()
        word = random.choice(words)
        match random.randrange(6):
            case 0:
                text = text[: word.start()] + text[word.end() :]
            case 1:
                lines.insert(random.randrange(len(lines)), random.choice(lines))
                text = "".join(lines)
            case 2:
                del lines[random.randrange(len(lines))]
                text = "".join(lines)
            case 3:
                depth = random.choice((10, 100, 3000))
                text = text[: word.start()] + "[" * depth + word.group() + "]" * depth + text[word.end() :]
            case _:
                text = text[: word.start()] + random.choice(_ODD_WORDS) + text[word.end() :]
    encoding = random.choice(("utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig", "cp1252"))
    return text.encode(encoding, "replace")


def changed_archive(data: bytes, random: Random) -> bytes:
    """Change an ``.npz`` file: an array's header, type, shape or numbers, the list of arrays, or fields of the zip."""
    if random.random() < 0.35:
        return _changed_zip(data, random)
    contents = _entries(data)
    name = random.choice(list(contents))
    content = contents[name]
    match random.randrange(7):
        case 0:
            del contents[name]
        case 1:
            contents[random.choice(("", "x.npy", "../x.npy", f"{name}x", "size.npy"))] = contents.pop(name)
        case 2:
            other = random.choice(list(contents))
            contents[name], contents[other] = contents[other], contents[name]
        case 3:
            buffer = io.BytesIO()
            np.save(buffer, _odd_array(np.load(io.BytesIO(content)), random), allow_pickle=True)
            contents[name] = buffer.getvalue()
        case 4:
            contents[name] = changed_header(content, random)
        case 5:
            contents[name] = random.choice((b"", b"\x93NUMPY", pickle.dumps([1]), b"import os", content[:-1]))
        case _:
            contents[name] = changed_bytes(content, random)
    return _packed(contents, random.choice((zipfile.ZIP_DEFLATED,) * 6 + (zipfile.ZIP_STORED, zipfile.ZIP_LZMA)))


def changed_header(content: bytes, random: Random) -> bytes:
    """Put another type, shape or text into the header of an ``.npy`` file."""
    length = int.from_bytes(content[8:10], "little")
    header, body = content[10 : 10 + length].decode("latin-1"), content[10 + length :]
    match random.randrange(5):
        case 0:
            header = re.sub(r"'descr': '[^']*'", lambda _: f"'descr': {_quoted(random.choice(_DTYPES))}", header)
        case 1 | 2:
            header = re.sub(r"'shape': \([^)]*\)", lambda _: f"'shape': {random.choice(_SHAPES)}", header)
        case 3:
            header = random.choice(("", "{}", "(" * 5000, "{'descr': 1}", "[" + "0," * 4000 + "]", "9" * 9000))
        case _:
            header = header.replace("False", random.choice(("True", "None", "3")))
    return content[:8] + len(header).to_bytes(2, "little") + header.encode("latin-1") + body


def _quoted(dtype: str) -> str:
    return dtype if dtype.startswith("[") else f"'{dtype}'"


def _odd_array(array: np.ndarray, random: Random) -> np.ndarray:
    """The array with another value, type or shape."""
    values = (0, -1, 1, 2**31, 1e300, math.nan, math.inf, -math.inf)
    with np.errstate(all="ignore"):
        match random.randrange(7):
            case 0 | 1 if array.size:
                found = array.astype(np.float64) if array.dtype.kind == "f" else array.copy()
                value = random.choice(values if found.dtype.kind == "f" else (0, 1, 2, 100, 255))
                found.reshape(-1)[random.randrange(array.size)] = np.asarray(value).astype(found.dtype)
                return found
            case 2:
                return array.astype(random.choice((np.float64, np.float32, np.float16, np.int64, np.uint8, np.bool_)))
            case 3:
                return array.reshape(-1)[: random.randrange(array.size + 1)]
            case 4:
                return array[None] if random.random() < 0.5 else np.array(random.choice(values))
            case 5:
                return random.choice((np.array(["a"]), np.array([None, 1], object), np.array([1 + 2j])))
            case _:
                return np.repeat(array, 2, axis=0) if array.ndim else array


def _entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def _packed(contents: dict[str, bytes], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name or "-", content)
    return buffer.getvalue()


def _changed_zip(data: bytes, random: Random) -> bytes:
    """Change fields of the zip: flags, method, sizes, offsets, the directory, or bytes of the deflated data."""
    changed = bytearray(data)
    central = [match.start() for match in re.finditer(b"PK\x01\x02", data)]
    local = [match.start() for match in re.finditer(b"PK\x03\x04", data)]
    if not central or not local:
        return changed_bytes(data, random)
    number = random.randrange(min(len(central), len(local)))
    # Offsets in both headers of: flags, method, checksum, compressed size, size; widths in bytes.
    fields = ((6, 8, 2), (8, 10, 2), (14, 16, 4), (18, 20, 4), (22, 24, 4))
    match random.randrange(5):
        case 0 | 1:
            for _ in range(random.randint(1, 2)):
                in_local, in_central, width = random.choice(fields)
                value = random.choice((0, 1, 8, 9, 12, 14, 99, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, random.randrange(2**20)))
                written = (value % 256**width).to_bytes(width, "little")
                for start, offset in ((local[number], in_local), (central[number], in_central)):
                    if random.random() < 0.9:
                        changed[start + offset : start + offset + width] = written
        case 2:
            start = local[number] + 30 + int.from_bytes(data[local[number] + 26 : local[number] + 28], "little")
            changed[start + 20 : start + 30] = random.randbytes(10)
        case 3:  # the directory and its end
            start = random.choice((central[number], max(0, len(data) - 22)))
            place = start + random.randrange(46)
            changed[place : place + 1] = bytes([random.choice((0, 1, 0x7F, 0xFF))])
        case _:
            changed[local[number] :] = zlib.compress(random.randbytes(50)) + changed[central[0] :]
    return bytes(changed)


def changed_array(data: bytes, random: Random) -> bytes:
    """Change an ``.npy`` file, in its header or anywhere."""
    return changed_header(data, random) if random.random() < 0.6 else changed_bytes(data, random)


def changed_tensors(data: bytes, random: Random) -> bytes:
    """Change a safetensors file: its header, a tensor's numbers, or anything."""
    length = int.from_bytes(data[:8], "little")
    header, body = data[8 : 8 + length], data[8 + length :]
    match random.randrange(6):
        case 0 | 1 | 2:
            header = changed_json(header, random)
            stated = len(header)
        case 3:
            stated = random.choice((0, 1, length - 1, length + 1, 2**31, 2**62, 2**64 - 1))
        case 4:
            start = random.randrange(len(body) + 1)
            odd = random.choice(
                (b"\xff\xff\xff\xff", b"\0\0\x80\x7f", b"\xff\x7f", b"\0\0\0\0")
            )  # NaN, infinity, most, 0
            body, stated = body[:start] + odd * random.choice((1, 4, 64)) + body[start + 4 :], length
            body = body[: len(data) - 8 - length]
        case _:
            return changed_bytes(data, random)
    return stated.to_bytes(8, "little") + header + body


def changed_checkpoint(data: bytes, random: Random) -> bytes:
    """Change a file of ``torch.save``: a zip of pickled names and shapes, and stored numbers."""
    if random.random() < 0.4:
        return _changed_zip(data, random)
    contents = _entries(data)
    name = next(name for name in contents if name.endswith("data.pkl")) if random.random() < 0.7 else None
    name = name or random.choice(list(contents))
    odd = (pickle.dumps(print), pickle.dumps({"a": [1.0]}), pickle.dumps(_nested(5000)), b"", b"\x80\x02" + b"(" * 9999)
    contents[name] = changed_bytes(contents[name], random) if random.random() < 0.8 else random.choice(odd)
    return _packed(contents, zipfile.ZIP_STORED)


def _nested(depth: int) -> bytes:
    return b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b"."


_BY_SUFFIX: dict[str, Callable[[bytes, Random], bytes]] = {
    ".json": changed_json,
    ".npz": changed_archive,
    ".npy": changed_array,
    ".safetensors": changed_tensors,
    ".csv": changed_text,
    ".txt": changed_text,
    ".yaml": changed_text,
    ".pth": changed_checkpoint,
}


def changed(name: str, data: bytes, random: Random) -> bytes:
    """The file changed as its suffix asks for, or, at times, in any of its bytes."""
    change = _BY_SUFFIX.get(PurePath(name).suffix, changed_bytes)
    return change(data, random) if random.random() < 0.8 else changed_bytes(data, random)
