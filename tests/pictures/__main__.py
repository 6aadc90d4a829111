"""``python -m tests.pictures [FOLDER]`` makes the pictures of README and docs, by default in their place."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.pictures.making import COMMITTED, NAMES, MissingError, make


def main(line: list[str]) -> int:
    """Make them and say where they are; 1 with the reason when something is not there, or does not come."""
    folder = Path(line[0]) if line else COMMITTED
    try:
        make(folder)
    except (MissingError, TimeoutError, RuntimeError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.writelines(f"{folder / name}  {(folder / name).stat().st_size:,} bytes\n" for name in NAMES)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
