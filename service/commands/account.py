"""`minhchung account`: what an administrator does on the server itself. No default password is ever made."""

import argparse
import getpass
import sys
from typing import Any

import segno

from auth import accounts, enrolments, own_password
from auth.accounts import OPERATOR
from auth.keys import load_secret
from auth.passwords import generate_password, hash_password
from auth.principal import Grant, Role
from service.clock import SystemClock
from service.commands.operator import operator
from service.commands.refusal import done
from service.db import Database
from service.fields import shown
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    """Adds `account` with its verbs to the command line."""
    parser = subparsers.add_parser("account", help="accounts, roles, enrolment codes")
    parser.set_defaults(run=run)
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="make an account")
    add.add_argument("username")
    add.add_argument("--name", required=True, help="the person's name")
    add.add_argument("--grant", nargs=2, action="append", default=[], metavar=("UNIT", "ROLE"), help="* is every unit")
    add.add_argument("--no-password", action="store_true", help="let the account in by enrolled devices only")
    grant = verbs.add_parser("grant", help="give a role in a unit")
    grant.add_argument("username")
    grant.add_argument("unit", help="unit code, or * for every unit")
    grant.add_argument("role", choices=list(Role))
    enrol = verbs.add_parser("enrol", help="print a one-time code for a device, as text and as QR")
    enrol.add_argument("username")
    password = verbs.add_parser("password", help="set a password; closes the sessions of the account")
    password.add_argument("username")
    for verb in (add, password):
        verb.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    verbs.add_parser("list", help="list accounts and their roles")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Runs one verb on a migrated database; 0 when done, 1 with a line on standard error when refused."""
    verb = VERBS[args.verb]
    return done(settings, lambda database: verb(args, settings, database, SystemClock().now()))


def _add(args: argparse.Namespace, _settings: Settings, database: Database, now: int) -> None:
    grants = tuple(Grant.of(unit, role) for unit, role in args.grant)
    password_hash = None if args.no_password else hash_password(_password(args))
    facts, new = {"grants": [shown(grant) for grant in grants]}, (OPERATOR, args.username, args.name, now)
    made = operator(database, now).write(
        "account_created", lambda made: made.id, facts, accounts.create_account, *new,
        grants=grants, password_hash=password_hash,
    )  # fmt: skip
    print(f"account {made.username} {made.id}")


def _grant(args: argparse.Namespace, _settings: Settings, database: Database, now: int) -> None:
    account_id = database.read(accounts.account_id_of, args.username)
    given = Grant.of(args.unit, args.role)
    facts, what = {"grant": shown(given)}, (OPERATOR, account_id, given, now)
    _show(operator(database, now).write("grant_given", account_id, facts, accounts.grant, *what))


def _enrol(args: argparse.Namespace, settings: Settings, database: Database, now: int) -> None:
    account_id = database.read(accounts.account_id_of, args.username)
    secret = load_secret(settings.data_dir, settings.secret)
    what = (OPERATOR, account_id, secret, now)
    made = operator(database, now).write("enrolment_opened", account_id, {}, enrolments.open_enrolment, *what)
    uri = enrolments.enrolment_uri(settings.public_url, made.code)
    segno.make_qr(uri).terminal(compact=True)
    print(f"{made.code}   (one device, {enrolments.LIFETIME // 60_000} minutes)\n{uri}")


def _set_password(args: argparse.Namespace, _settings: Settings, database: Database, now: int) -> None:
    account_id = database.read(accounts.account_id_of, args.username)
    what = (OPERATOR, account_id, hash_password(_password(args)), now)
    operator(database, now).write("password_set", account_id, {}, own_password.give, *what)


def _list(_args: argparse.Namespace, _settings: Settings, database: Database, now: int) -> None:
    page = database.read(accounts.list_accounts, OPERATOR, now)
    while page:
        for account in page:
            _show(account)
        page = database.read(accounts.list_accounts, OPERATOR, now, page[-1].username)


def _show(account: accounts.AccountView) -> None:
    grants = ", ".join(f"{grant.role} in {grant.unit}" for grant in account.grants) or "no role"
    print(account.username, account.name, grants, "" if account.active else "inactive", sep="\t")


def _password(args: argparse.Namespace) -> str:
    """From standard input, or asked for; when nobody answers, one is made and shown this once."""
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed = getpass.getpass("Password (empty: make one): ") if sys.stdin.isatty() else ""
    if typed:
        return typed
    password = generate_password()
    print(f"password {password}   (shown once)")
    return password


VERBS = {"add": _add, "grant": _grant, "enrol": _enrol, "password": _set_password, "list": _list}
