"""Commands of `minhchung`: each module has `add_parser(subparsers)` and `run(args, settings) -> exit code`."""
