"""Every setting in one class: the only reader of the environment. `docs/settings.md` is tested against it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment as `MINHCHUNG_<NAME>`; `create_app(settings)` passes the values down."""

    model_config = SettingsConfigDict(env_prefix="MINHCHUNG_", extra="ignore", frozen=True)

    data_dir: Annotated[Path, Field(description="Folder of the embedded database, blobs and keys.")] = Path("var")
    database_url: Annotated[
        str | None, Field(description="SQLAlchemy URL; unset means a SQLite file in `data_dir`.")
    ] = None
    host: Annotated[str, Field(description="Address that `minhchung serve` listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(description="Port that `minhchung serve` listens on; 0 picks a free one.")] = 8000
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
    s3_region: Annotated[str, Field(description="Region of the bucket.")] = "us-east-1"
    s3_access_key: Annotated[str, Field(description="Access key of the S3 service.")] = ""
    s3_secret_key: Annotated[SecretStr, Field(description="Its secret.")] = SecretStr("")
    programme_year: Annotated[int, Field(description="The year that new units are opened for.")] = 2026
    upload_max_bytes: Annotated[int, Field(description="Largest file that an upload may announce, in bytes.")] = 2**30
    upload_ttl_hours: Annotated[int, Field(description="Hours after which an unfinished upload may be removed.")] = 168
    upload_idle_seconds: Annotated[
        int, Field(description="Seconds without a byte after which an upload request is ended; what arrived is kept.")
    ] = 30
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
        return self.database_url or f"sqlite:///{self.data_dir / 'minhchung.db'}"
