"""What is pushed: pieces of evidence of about a kilobyte, the same for every server."""

import uuid
from collections.abc import Iterator
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

PROSE = (
    "tổ bảo vệ an ninh trật tự tuần tra ban đêm khu dân cư họp thôn ký cam kết tuyên truyền phòng cháy chữa cháy "
    "camera ngõ xóm công an phường hội phụ nữ đoàn thanh niên trường học doanh nghiệp biên bản danh sách ảnh chụp "
    "hiện trường vận động nhân dân tố giác tội phạm hòa giải mâu thuẫn mô hình tự quản kế hoạch báo cáo tháng"
)
WORDS = tuple(PROSE.split())
ITEMS = [f"{kind}-A{number:02d}" for kind in ("XA", "PH") for number in range(1, 10)]
KINDS = ("minutes", "plan", "decision", "photo")


def sentence(rng: Random, length: int) -> str:
    """Words of at least `length` characters."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) < length:
        words.append(rng.choice(WORDS))
    return " ".join(words)


def record(rng: Random, number: int) -> dict[str, Any]:
    """About 950 bytes of JSON in UTF-8; `tag` is what an update changes."""
    return {
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "title": f"Minh chứng {number}: {sentence(rng, 50)}",
        "note": sentence(rng, 400),
        "kind": rng.choice(KINDS),
        "tag": f"{rng.randrange(1, 2000)}/BC-CAX",
        "criteria": rng.sample(ITEMS, rng.randrange(1, 4)),
        "captured_at": f"2026-{rng.randrange(1, 12):02d}-{rng.randrange(1, 29):02d}T09:{rng.randrange(60):02d}:00Z",
        "place": {"lat": f"21.{rng.randrange(10**6):06d}", "lon": f"106.{rng.randrange(10**6):06d}"},
    }


def records(seed: str, count: int) -> list[dict[str, Any]]:
    """The same records for the same seed."""
    rng = Random(seed)  # repeatable on purpose
    return [record(rng, number) for number in range(count)]


def batches(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
