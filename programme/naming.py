"""Ids that follow from what a record is, so that two phones and the service meet in the same one. Pure."""

import uuid

NAMES = uuid.UUID("6e3f3a0e-0d35-5f3e-9a6f-0a7b6f6f1c55")


def single_id(type_name: str, scope: str, name: str = "") -> str:
    """The id of the one record of a type in a scope, or of the one about `name`: UUIDv5 of `scope/type/name`."""
    return str(uuid.uuid5(NAMES, f"{scope}/{type_name}/{name}".rstrip("/")))
