"""`minhchung app`: third-party apps, registered on the server itself."""

import argparse
from typing import Any

from auth import accounts, apps
from auth.accounts import OPERATOR
from auth.apps import CODE, GRANT_TYPES, AppView, NewApp
from auth.scopes import SCOPES
from service.clock import SystemClock
from service.commands.operator import operator
from service.commands.refusal import done
from service.db import Database
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    """Adds `app` with its verbs to the command line."""
    parser = subparsers.add_parser("app", help="third-party apps: add, list, off")
    parser.set_defaults(run=run)
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="register an app; prints its id, and its secret once")
    add.add_argument("name")
    add.add_argument(
        "--redirect", action="append", default=[], metavar="URI", help="where a browser may be sent back to"
    )
    add.add_argument("--scope", action="append", default=[], choices=list(SCOPES), help="may be given more than once")
    add.add_argument("--grant", action="append", default=[], choices=sorted(GRANT_TYPES), help=f"without: {CODE}")
    add.add_argument("--public", action="store_true", help="it runs where a secret cannot be kept")
    add.add_argument("--account", metavar="USERNAME", help="the account as which it acts by client_credentials")
    verbs.add_parser("list", help="list apps")
    off = verbs.add_parser("off", help="shut an app out, for everybody and at once")
    off.add_argument("app_id")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Runs one verb on a migrated database; 0 when done, 1 with a line on standard error when refused."""
    verb = VERBS[args.verb]
    return done(settings, lambda database: verb(args, database, SystemClock().now()))


def _add(args: argparse.Namespace, database: Database, now: int) -> None:
    account_id = database.read(accounts.account_id_of, args.account) if args.account else None
    scope, grants = " ".join(args.scope) or "openid", tuple(args.grant) or (CODE,)
    new = NewApp(args.name, tuple(args.redirect), scope, grants, args.public, account_id)
    made = database.write(apps.register, OPERATOR, new, now)
    _note(database, made, now)
    print(f"client_id {made.id}" + (f"\nclient_secret {made.secret}   (shown once)" if made.secret else ""))


def _list(_args: argparse.Namespace, database: Database, _now: int) -> None:
    for app in database.read(apps.list_apps, OPERATOR):
        print(app.id, app.name, app.scope, "" if app.active else "off", sep="\t")


def _off(args: argparse.Namespace, database: Database, now: int) -> None:
    _note(database, database.write(apps.shut_out, OPERATOR, args.app_id, now), now)


def _note(database: Database, app: AppView, now: int) -> None:
    operator(database, now).saw("oauth_client_changed", app.id, scope=app.scope, active=app.active)


VERBS = {"add": _add, "list": _list, "off": _off}
