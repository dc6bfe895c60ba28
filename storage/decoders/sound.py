"""MP3 (ISO/IEC 11172-3): two frames in a row where the tag says that the sound begins. Nothing is decoded."""

from typing import BinaryIO

from storage.decoders.outcome import Decoded

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits
SPEEDS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
SPEEDS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
SEARCH = 64 << 10  # bytes of padding that writers put between a tag and the sound


def decode(source: BinaryIO, kind: str) -> tuple[Decoded, dict[str, bytes]]:
    """Raises ValueError where there is no sound."""
    tag = source.read(10)
    start = 10 + sum((byte & 0x7F) << (21 - 7 * n) for n, byte in enumerate(tag[6:10])) if tag[:3] == b"ID3" else 0
    source.seek(start)
    data = source.read(SEARCH)
    for at in range(len(data) - 4):
        length = _frame(data[at : at + 4])
        if length and _frame(data[at + length : at + length + 4]):
            return Decoded(kind=kind), {}
    raise ValueError("no frames")


def _frame(head: bytes) -> int:
    """Length of a frame of layer III by its first four bytes; 0 for what is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[1] >> 3 & 3 == 1:
        return 0
    version, speed, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if not 0 < speed < 15 or rate == 3:
        return 0
    bits = (SPEEDS_1 if version == 3 else SPEEDS_2)[speed] * 1000
    return (144 if version == 3 else 72) * bits // RATES[version][rate] + (head[2] >> 1 & 1)
