"""Figures for a scraper. Not part of the contract with clients: who runs the service gives the scraper a token."""

from hmac import compare_digest

from fastapi import APIRouter, Request, Response

from service import metrics
from service.deps import Config, Metered
from sync.errors import SyncError

router = APIRouter()


class NoSuchPage(SyncError):
    """As for any address that there is not."""

    code = "not_found"


@router.get("/metrics", include_in_schema=False)
def figures(request: Request, config: Config, metered: Metered) -> Response:
    """Text for Prometheus. Without the token of the settings there is no such page."""
    token = config.metrics_token
    asked = request.headers.get("authorization", "").encode()
    if token is None or not compare_digest(asked, b"Bearer " + token.get_secret_value().encode()):
        raise NoSuchPage
    return Response(metered.text(), media_type=metrics.TEXT)
