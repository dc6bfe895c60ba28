"""The yearly programme: units, criteria, evidence, review. Declares its record types to the engine in `sync`."""
