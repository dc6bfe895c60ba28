"""Who is calling: accounts, devices, tokens, grants. Knows no evidence and no HTTP."""
