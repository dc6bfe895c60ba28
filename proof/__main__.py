"""`python kiem_tra.pyz ho-so.zip`: the check of a dossier, where there is Python and nothing else."""

import argparse
import json
import sys
from pathlib import Path

from proof.dossier import check


def main(arguments: list[str] | None = None) -> int:
    """0 when the dossier holds; 1 with every fault on standard error."""
    parser = argparse.ArgumentParser(description="Kiểm tra gói hồ sơ / checks the ZIP of a dossier")
    parser.add_argument("file", type=Path)
    parser.add_argument("--keys", type=Path, help="khoá tin cậy / trusted keys: /.well-known/jwks.json, kept before")
    args = parser.parse_args(arguments)
    faults = check(args.file, json.loads(args.keys.read_bytes())["keys"] if args.keys else None)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not args.keys:
        print("Khoá lấy từ chính gói hồ sơ; hãy so với khoá đã biết (--keys). / Its keys are its own word.")
    print("KHÔNG toàn vẹn / does NOT hold" if faults else "Toàn vẹn / holds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
