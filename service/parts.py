"""A push that the database keeps refusing because of others that run beside it is taken op by op (protocol C.3)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import DBAPIError

from service.db import overtaken
from sync.op import Envelope, envelope
from sync.outcome import Outcome
from sync.push import Pushed

PATIENCE = 3  # parts that may fail before the rest is answered `retry` at once: each may have waited for locks
Push = Callable[[list[Any]], Pushed]


def push(run: Push, ops: list[Any], client_id: str) -> Pushed:
    """What `run` answers for `ops`. Where it is overtaken, one op at a time, ops of one `tx` together.

    Ops that even so did not get through are answered `retry`: nothing of them is stored. Raises DBAPIError when no
    op got through.
    """
    try:
        return run(ops)
    except DBAPIError as error:
        if len(ops) < 2 or not overtaken(error):
            raise
        return _by_parts(run, ops, [envelope(raw, client_id) for raw in ops], error)


def _by_parts(run: Push, raws: list[Any], ops: list[Envelope], refused: DBAPIError) -> Pushed:
    outcomes: dict[int, Outcome] = {}
    last: Pushed | None = None
    failed = 0
    for part in _parts(ops):
        try:
            if failed == PATIENCE:
                continue
            last = run([raws[i] for i in part])
            outcomes.update(zip(part, last.outcomes, strict=True))
        except DBAPIError as error:
            if not overtaken(error):
                raise
            failed += 1
    if last is None:
        raise refused
    answered = [outcomes.get(i) or _again(op) for i, op in enumerate(ops)]
    return replace(last, outcomes=answered, digests=[op.digest.hex() for op in ops])


def _parts(ops: list[Envelope]) -> list[list[int]]:
    """Places of ops that go together, in the order of `dev_seq`."""
    groups: dict[str, list[int]] = {}
    for i in sorted(range(len(ops)), key=lambda i: (ops[i].dev_seq or 2**53, i)):
        raw = ops[i].raw
        tx = raw.get("tx") if isinstance(raw, dict) else None
        groups.setdefault(f"tx {tx}" if isinstance(tx, str) else f"op {i}", []).append(i)
    return list(groups.values())


def _again(op: Envelope) -> Outcome:
    return Outcome(op.op_id, op.dev_seq, "retry", "storage_unavailable")
