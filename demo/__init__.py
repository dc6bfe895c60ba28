"""The field day that `minhchung demo` plays: a client of the running service, through HTTP and the reference client only."""
