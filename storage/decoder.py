"""A program, run as a child with little memory and time: reads a file from stdin, says whether a decoder can read it.

Decoders are where hostile files bite, so they never run in the service's own process (trust §2.3).
"""

import resource
import sys
from io import BytesIO

from PIL import Image
from pillow_heif import register_heif_opener

MEMORY = 1 << 30
CPU_SECONDS = 20
MAX_PIXELS = 120_000_000


def main() -> int:
    """Exit code 0: readable; 1: not."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    register_heif_opener()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(BytesIO(sys.stdin.buffer.read()), formats=("JPEG", "PNG", "WEBP", "HEIF")) as image:
            image.load()
    except Exception:  # noqa: BLE001  # whatever a decoder throws means: not readable
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
