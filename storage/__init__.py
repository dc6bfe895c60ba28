"""Bytes by key: the blob store contract and its stores. Knows no table, no HTTP, no evidence."""
