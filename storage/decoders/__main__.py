"""The child: `python -I -m storage.decoders DECODER KIND MEMORY CPU_SECONDS`.

Reads a file from stdin and writes what it found to stdout.

Decoders are where hostile files bite, so they never run in the service's own process (trust §2.3).
"""

import importlib
import sys

from storage.decoders import confine
from storage.decoders.outcome import Decoded, Refused, frame

DECODERS = ("picture", "paper", "office", "movie", "sound")


def main() -> None:
    """Exits with 0 and a frame (`outcome.frame`); with anything else when the decoder died of the file."""
    name, kind, memory, cpu_seconds = sys.argv[1:]
    decoder = importlib.import_module(f"storage.decoders.{DECODERS[DECODERS.index(name)]}")
    confine.limit(int(memory), int(cpu_seconds))
    confine.lock()
    try:
        decoded, parts = decoder.decode(sys.stdin.buffer, kind)
    except Refused as refused:
        decoded, parts = Decoded(kind=kind, check="unknown", refusal=refused.code), {}
    except MemoryError:
        sys.exit(2)
    except Exception:  # noqa: BLE001  # whatever else a decoder throws means: not readable
        decoded, parts = Decoded(kind=kind, check="unreadable"), {}
    sys.stdout.buffer.write(frame(decoded, parts))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
