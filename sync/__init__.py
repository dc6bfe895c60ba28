"""The sync engine: ops, merge, scope log, feed, uploads. Knows no record type by name and no HTTP."""
