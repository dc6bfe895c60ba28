"""What a reviewer decides, as a value. Pure."""

from dataclasses import dataclass

from sync import canonical


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decided about what they saw: `ver` and `content_digest` name it."""

    review_id: str
    record_id: str
    ver: int
    content_digest: str
    decision: str
    reason_code: str | None = None
    comment: str | None = None

    def digest(self) -> str:
        parts = [self.record_id, self.ver, self.content_digest, self.decision, self.reason_code, self.comment]
        return canonical.sha256(canonical.encode(parts)).hex()
