"""What must not be served: settings that are fine at home and dangerous on a public address (ASVS 13.4, trust §2.1)."""

from urllib.parse import urlsplit

from service.settings import Settings

FORESEEN = ("changeme", "secret", "password", "minhchung", "0123456789", "example")


def unsafe(settings: Settings) -> list[str]:
    """Reasons not to start, in words for the operator; in a demo only what cannot work at all."""
    found = []
    if settings.worker == "apart" and settings.db_url.startswith("sqlite"):
        found.append("worker can be `apart` only on PostgreSQL: a SQLite file has one process")
    if not settings.production:
        return found
    if urlsplit(settings.public_url).scheme != "https":
        found.append("public_url must be https: tokens and evidence would travel in the clear")
    for name, secret in (("secret", settings.secret), ("metrics_token", settings.metrics_token)):
        if secret is not None and _foreseen(secret if isinstance(secret, str) else secret.get_secret_value()):
            found.append(f"{name} must be random: take 48 bytes from a generator, or leave it unset")
    if settings.oidc_issuer is not None and urlsplit(settings.oidc_issuer).scheme != "https":
        found.append("oidc_issuer must be https: who signs in would be told in the clear, by anybody")
    if settings.oidc_issuer is not None and not settings.oidc_client_id:
        found.append("oidc_client_id must say what the provider calls this service")
    if "*" in settings.cors_origins:
        found.append("cors_origins must name each web app: `*` lets every page on the web call the service")
    if "*" in settings.trusted_proxies or "0.0.0.0/0" in settings.trusted_proxies:
        found.append("trusted_proxies must name the proxies: anybody could claim any address")
    return found


def refuse_unsafe(settings: Settings) -> None:
    """Raises ValueError with every reason at once."""
    if found := unsafe(settings):
        raise ValueError("these settings must not be served: " + "; ".join(found))


def _foreseen(secret: str) -> bool:
    return len(set(secret)) < 12 or any(word in secret.lower() for word in FORESEEN)
