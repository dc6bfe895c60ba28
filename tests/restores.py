"""A deployment that is lost and comes back from a backup, in place of the one the phones knew."""

from pathlib import Path

from people import Province, assembled
from postgres import Postgres
from service import backup
from service.app import furnish
from service.checkpoints import open_epoch
from service.db import Database
from service.restore import restore
from service.settings import Settings
from service.signed_list import Manifest


def back_up(province: Province, folder: Path) -> Manifest:
    """Takes a backup, as `minhchung backup` does."""
    state = province.app.state
    province.clock.advance(1)
    issuer, now = state.settings.public_url, province.clock.now()
    return backup.take(province.db, state.store, state.types, state.keys, issuer, folder, now)


def elsewhere(province: Province, folder: Path, cluster: Postgres | None) -> Settings:
    """Settings of an empty deployment; keys and secret have been brought there, as an operator would."""
    folder.mkdir()
    old = province.settings.data_dir
    for path in [old / "secret", *(p for p in (old / "keys").rglob("*") if p.is_file())]:
        to = folder / path.relative_to(old)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(path.read_bytes())
    return Settings(data_dir=folder, database_url=cluster.fresh() if cluster else None)


def bring_back(province: Province, manifest: Manifest, settings: Settings) -> None:
    """Restores `manifest` and puts the service over it in the place of the old one; people and phones stay."""
    restore(manifest, settings, province.clock.now())
    province.http.close()
    province.db.close()
    province.settings = settings
    province.app = assembled(settings)
    furnish(province.app.state, settings, province.clock, Database(settings.db_url))
    province.db = province.app.state.database
    province.http = type(province.http)(province.app, raise_server_exceptions=False)


def let_in(province: Province) -> str:
    """The operator has looked, and opens the next epoch."""
    state = province.app.state
    parts = (province.db, state.store, state.keys, state.settings.public_url)
    return open_epoch(*parts, reason="drill", now=province.clock.now())
