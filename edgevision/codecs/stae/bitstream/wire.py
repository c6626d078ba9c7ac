"""Reading and writing the elements of a clip's bitstream: whole numbers and sections, with checks of the length."""

from __future__ import annotations

from edgevision.errors import BitstreamError

_VARINT_BYTES = 5  # longest number: 35 bits


def varint(number: int) -> bytes:
    """Code a whole number >= 0, seven bits per byte, least significant first; the top bit is set if more follow."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class Reader:
    """Reads bytes one after another.

    Attributes:
        data: the bytes.
        position: index of the next byte.
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
        """A whole number written by ``varint``.

        Raises:
            BitstreamError: the number is not in ``low``..``high``, or bytes are missing.
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
        """The content of a section: bytes after their number as a varint.

        Raises:
            BitstreamError: bytes are missing.
        """
        return self.take(self.varint(0, len(self.data)))


def section(content: bytes) -> bytes:
    """A section: ``content`` after its number of bytes as a varint."""
    return varint(len(content)) + content
