"""Many phones and one server in one process, on one seed: finds schedules under which a promise would not hold.

The server is a model in memory around the engine's own plan and merge; the phones run the reference client as it is.
"""
