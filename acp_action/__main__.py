"""``python -m acp_action`` and the commands ``ai-content-pipeline`` and ``aicp``."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    # Before anything imports pydantic: looking for plugins of other packages takes a tenth of our start-up,
    # and none has a place in this program.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Start-up makes many objects that stay; looking for cycles among them again and again finds none.
    gc.set_threshold(50_000, 20, 50)
    try:
        from acp_action.cli.app import main as run

        code = run()
    except KeyboardInterrupt:
        # While the program itself was still being loaded: there is nothing to tell or to keep yet.
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
