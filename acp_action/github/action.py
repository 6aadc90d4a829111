"""The action's main: what must be there first, then the job itself, and what is said when it cannot start.

Nothing slow is imported before the secrets are hidden and the log has its first line.
"""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.errors import AcpError, ConfigError
from acp_action.github.annotations import Annotations, notes_of_problems
from acp_action.github.commands import Log, Note
from acp_action.github.context import read_context
from acp_action.github.desk import Desk
from acp_action.github.inputs import secret_values
from acp_action.redaction import SECRETS, redact

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import TextIO

    from acp_action.cli.signals import Signals

_BUG: Final = 1


def main(signals: Signals, environ: MutableMapping[str, str], stream: TextIO, *, version: str = "") -> int:
    """Carry the action out; the exit code. Raises nothing; prints to ``stream`` alone.

    ``version``: of the program, for the first line.
    """
    begun = time.monotonic()
    context = read_context(environ, Path.cwd())
    log = Log(stream, redact=redact, commands=context.in_actions, debug=context.debug)
    for secret in (*context.tokens, *secret_values(environ)):
        # Both before anything else is printed or written.
        SECRETS.add(secret)
        log.mask(secret)
    log.line(f"acp-action {version}".rstrip())
    annotations = Annotations(log)
    desk = Desk(context, log, annotations)
    try:
        from acp_action.github.job import Job

        return Job(context, log, annotations, desk, signals, environ, begun).run()
    except AcpError as error:
        return _refused(error, log, annotations, desk)
    except BaseException:  # noqa: BLE001 - the last line of defence: a bug must not cost what is there
        log.lines(redact(traceback.format_exc()))
        annotations.add(Note("error", "this is a bug in acp-action; please report it with the log above"))
        desk.write({"status": "failed"})
        desk.summarise(notes=["The action failed by a bug of its own; the log has the details."])
        return _BUG
    finally:
        annotations.close()


def _refused(error: AcpError, log: Log, annotations: Annotations, desk: Desk) -> int:
    """Nothing was started: tell everything that is wrong, each where it stands."""
    problems = error.problems if isinstance(error, ConfigError) else ()
    if problems:
        log.lines(error.render() if isinstance(error, ConfigError) else str(error))
    annotations.add(
        *(notes_of_problems(problems) or [Note("error", line) for line in str(error).splitlines()])
    )
    log.line("Nothing was started.")
    desk.write({"status": "invalid"})
    desk.summarise(problems=problems, notes=() if problems else str(error).splitlines())
    return error.exit_code
