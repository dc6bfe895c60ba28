"""Pictures for tests, drawn on the spot."""

import io
import random

from PIL import Image


def jpeg(seed: int = 1, size: int = 64) -> bytes:
    """A real JPEG; noise, so that a large one has many bytes."""
    noise = random.Random(seed).randbytes(size * size * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (size, size), noise).save(out, "JPEG", quality=80)
    return out.getvalue()
