"""Reading and writing the parts of a clip's bitstream: whole numbers, sections, and nothing past the end."""

from __future__ import annotations

from edgevision.errors import BitstreamError

_VARINT_BYTES = 5  # longest number: 35 bits


def varint(number: int) -> bytes:
    """A whole number >= 0, seven bits a byte, least significant first, the upper bit set while more follow."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class Reader:
    """Takes bytes off the front of ``data``.

    Attributes:
        data: the bytes.
        position: of the next one.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes.

        Raises:
            BitstreamError: fewer are left.
        """
        if count > len(self.data) - self.position:
            raise BitstreamError(f"{count} bytes expected, {len(self.data) - self.position} left")
        self.position += count
        return self.data[self.position - count : self.position]

    def rest(self) -> bytes:
        """All bytes that are left."""
        return self.take(len(self.data) - self.position)

    def varint(self, low: int, high: int) -> int:
        """A number as ``varint`` writes it.

        Raises:
            BitstreamError: it is not in ``low``..``high``.
        """
        number = 0
        for place in range(_VARINT_BYTES):
            byte = self.take(1)[0]
            number |= (byte & 127) << 7 * place
            if byte < 128:
                break
        if not low <= number <= high:
            raise BitstreamError(f"number must be in {low}..{high}, got {number}")
        return number

    def section(self) -> bytes:
        """Bytes with their count as a varint before them."""
        return self.take(self.varint(0, len(self.data)))


def section(content: bytes) -> bytes:
    """``content`` as ``Reader.section`` reads it."""
    return varint(len(content)) + content
