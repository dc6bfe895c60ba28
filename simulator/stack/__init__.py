"""The whole service in one process and on one seed: real routes, SQL and files; the reference client as it is.

Time is a clock that the schedule moves, threads are turns that it gives, and the network and the machine fail when it
says so. What runs here is what is shipped; only the way in (no sockets) and the outside (time, luck) are ours.
"""
