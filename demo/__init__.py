"""The field day that `minhchung demo` plays: knows the running service only through HTTP and the reference client."""
