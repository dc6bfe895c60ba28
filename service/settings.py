"""Every setting in one class: the only reader of the environment. `docs/settings.md` is tested against it."""

from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from service.database_url import DEFAULT_CONNECTIONS, with_own
from service.deadlines import Deadlines


class Settings(Deadlines):
    """Read from the environment as `MINHCHUNG_<NAME>`; `create_app(settings)` passes the values down."""

    model_config = SettingsConfigDict(env_prefix="MINHCHUNG_", extra="ignore", frozen=True)

    data_dir: Annotated[Path, Field(description="Folder of the embedded database, blobs and keys.")] = Path("var")
    database_url: Annotated[
        str | None, Field(description="SQLAlchemy URL; unset means a SQLite file in `data_dir`.")
    ] = None
    database_direct_url: Annotated[
        str | None, Field(description="PostgreSQL itself, where `database_url` is a pooler in transaction mode.")
    ] = None
    database_connections: Annotated[
        int, Field(ge=1, description="Most connections that one process opens to PostgreSQL, beside one for news.")
    ] = DEFAULT_CONNECTIONS
    environment: Annotated[
        Literal["demo", "production"] | None,
        Field(
            description="`production` refuses to start with settings that are not safe, `demo` takes them. Unset: demo "
            "where `public_url` is this machine's own address, else production."
        ),
    ] = None
    log_level: Annotated[
        Literal["info", "warning", "error"] | None,
        Field(
            description="`info` logs a line for each request, as JSON on standard error, without names, addresses or "
            "words of anybody. Unset: `info` in production, else `warning`."
        ),
    ] = None
    host: Annotated[str, Field(description="Address that `minhchung serve` listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(description="Port that `minhchung serve` listens on; 0 picks a free one.")] = 8000
    drain_seconds: Annotated[
        float,
        Field(
            ge=0,
            description="Seconds for which a service that was told to stop (SIGTERM) still takes requests, while "
            "`/v1/ready` answers 503: as long as the proxy in front needs to notice.",
        ),
    ] = 0
    worker: Annotated[
        Literal["inside", "apart"],
        Field(
            description="Where work after answers is done: `inside` the serving process, or `apart`, by processes of "
            "`minhchung worker`, which needs PostgreSQL."
        ),
    ] = "inside"
    public_url: Annotated[
        str, Field(description="Base address that clients see; used in upload locations, tokens and QR codes.")
    ] = "http://127.0.0.1:8000"
    secret: Annotated[
        str | None,
        Field(
            description="At least 32 characters; signs cursors and derives refresh tokens. Unset: a file in `data_dir`."
        ),
    ] = None
    s3_bucket: Annotated[
        str | None,
        Field(description="Bucket that keeps the files; unset means the folder `blobs` in `data_dir`."),
    ] = None
    s3_endpoint: Annotated[str | None, Field(description="Address of the S3-compatible service; unset means AWS.")] = (
        None
    )
    s3_public_endpoint: Annotated[
        str | None,
        Field(
            description="Address of the same service as phones reach it; set, phones may put and get files there "
            "directly, by short-lived signed addresses. Unset: all files go through this service."
        ),
    ] = None
    s3_region: Annotated[str, Field(description="Region of the bucket.")] = "us-east-1"
    s3_access_key: Annotated[str, Field(description="Access key of the S3 service.")] = ""
    s3_secret_key: Annotated[SecretStr, Field(description="Its secret.")] = SecretStr("")
    metrics_token: Annotated[
        SecretStr | None,
        Field(
            min_length=32,
            description="Bearer token with which a scraper reads `GET /metrics`; at least 32 characters. Unset: no "
            "such page.",
        ),
    ] = None
    traces_endpoint: Annotated[
        str | None,
        Field(
            description="Base address of a collector for OpenTelemetry (OTLP over HTTP), to which spans go; needs the "
            "extra `traces`. Unset: none are made."
        ),
    ] = None
    traces_share: Annotated[float, Field(ge=0, le=1, description="Share of requests and jobs that are traced.")] = 1
    trusted_proxies: Annotated[
        tuple[str, ...],
        Field(description="Addresses or networks of proxies (JSON list) whose `X-Forwarded-For` is believed."),
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...], Field(description="Origins of web apps (JSON list) that may call the service from a browser.")
    ] = ()
    second_factor: Annotated[
        bool | None,
        Field(
            description="Whether roles that administer, decide or audit count only in a session with a second factor. "
            "Unset: in production."
        ),
    ] = None
    own_passwords: Annotated[
        bool | None,
        Field(
            description="Whether a password that somebody else chose has to be changed at the first sign-in, and those "
            "of roles that administer, decide, audit or protect every two months. Unset: in production."
        ),
    ] = None
    oidc_issuer: Annotated[
        str | None,
        Field(description="OpenID provider through which people may sign in as well; unset: none (docs/sign-in.md)."),
    ] = None
    oidc_client_id: Annotated[str, Field(description="What that provider calls this service.")] = ""
    oidc_client_secret: Annotated[
        SecretStr | None, Field(description="Its secret there; unset: a public client, by PKCE alone.")
    ] = None
    oidc_algorithm: Annotated[
        Literal["RS256", "ES256"], Field(description="The one algorithm that the provider signs with.")
    ] = "RS256"
    oidc_strong: Annotated[
        tuple[str, ...],
        Field(description="Values of `amr` or `acr` (JSON list) that count as a second factor shown at the provider."),
    ] = ("mfa",)
    oidc_return_uris: Annotated[
        tuple[str, ...],
        Field(description="Addresses of apps (JSON list) to which a browser may be sent back from the provider."),
    ] = ()
    client_requests_per_minute: Annotated[
        int, Field(ge=1, description="Requests that one device may make in a minute, and at once.")
    ] = 6000
    processes: Annotated[
        int,
        Field(ge=1, description="API processes that share this database; each allows a device its part of the limit."),
    ] = 1
    account_idle_days: Annotated[
        int, Field(ge=0, description="Days without a sign-in after which an account is switched off; 0 is never.")
    ] = 45
    mirror_dir: Annotated[Path | None, Field(description="Folder of second copies, best on another disk.")] = None
    mirror_bucket: Annotated[
        str | None, Field(description="Bucket of second copies in the same S3 service; instead of a folder.")
    ] = None
    audit_dir: Annotated[
        Path | None, Field(description="Folder on another host that the audit trail is exported to, once a day.")
    ] = None
    audit_bucket: Annotated[
        str | None, Field(description="Bucket for the same in the same S3 service, best one that keeps what it has.")
    ] = None
    audit_months: Annotated[
        int,
        Field(ge=12, description="Months for which entries of the audit trail stay here; only exported ones leave."),
    ] = 12
    recheck_days: Annotated[int, Field(description="Days after which the bytes of a file are hashed anew.")] = 30
    unused_days: Annotated[int, Field(description="Days for which a file is kept that no record names.")] = 30
    programme_year: Annotated[int, Field(description="The year that new units are opened for.")] = 2026
    claim_minutes: Annotated[int, Field(ge=1, le=1440, description="Minutes for which a reviewer's claim holds.")] = 30
    privacy_register: Annotated[
        Path | None,
        Field(description="File in the form of `privacy/data/register.yaml` that takes its place; unset: that one."),
    ] = None
    upload_max_bytes: Annotated[int, Field(description="Largest file that an upload may announce, in bytes.")] = 2**30
    upload_ttl_hours: Annotated[int, Field(description="Hours after which an unfinished upload may be removed.")] = 168
    upload_idle_seconds: Annotated[
        int, Field(description="Seconds without a byte after which an upload request is ended; what arrived is kept.")
    ] = 30
    clamd: Annotated[
        str | None,
        Field(description="Virus scanner: `host:port` or socket path of clamd. Unset: files say `not_scanned`."),
    ] = None
    font_dir: Annotated[
        Path | None,
        Field(
            description="Folder with fonts for PDF papers, Times New Roman or one of its measures. Unset: Libertinus "
            "Serif, which comes along."
        ),
    ] = None
    body_max_bytes: Annotated[int, Field(description="Largest JSON body, in bytes; uploads have their own limit.")] = (
        4 * 2**20
    )
    checkpoint_seconds: Annotated[
        int, Field(ge=1, description="Seconds between signed checkpoints of the log in the blob store.")
    ] = 300
    safe_backups: Annotated[
        int,
        Field(
            ge=0,
            description="How many verified backups must hold a change before phones hear that they may delete theirs; "
            "0: never.",
        ),
    ] = 1

    @property
    def db_url(self) -> str:
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'minhchung.db'}"
        pooled = self.database_direct_url is not None
        return with_own(self.database_url, pooled=pooled, connections=self.database_connections)

    @property
    def direct_url(self) -> str:
        """The database itself, whatever stands before it."""
        return self.database_direct_url or self.database_url or self.db_url

    @property
    def production(self) -> bool:
        """Whether what is not safe is refused; nobody falls out of it by forgetting a setting."""
        return self.environment == "production" or (self.environment is None and not _is_loopback(self.public_url))

    @property
    def logged_from(self) -> str:
        return self.log_level or ("info" if self.production else "warning")

    @property
    def second_factor_asked(self) -> bool:
        return self.production if self.second_factor is None else self.second_factor

    @property
    def own_passwords_asked(self) -> bool:
        return self.production if self.own_passwords is None else self.own_passwords


@cache  # every request asks whether it came to a service in production
def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
