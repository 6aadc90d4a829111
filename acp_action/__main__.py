"""``python -m acp_action`` and the commands ``ai-content-pipeline`` and ``aicp``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from acp_action.cli.app import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
