"""The same work put on several servers, turn by turn, on one machine: ours, its peers, and the thinnest there is.

Only ratios carry over to another machine, so whatever is compared runs in the same minutes. `make bench` prints a
table and writes `benchmarks/results/latest.json` and a plot beside it.
"""
