"""What the doctor says, and the code it ends with."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from acp_action.report.diagnosis import Finding, diagnosis_dict, diagnosis_text, verdict

OK = Finding("This machine", "ffmpeg", "ok", "8.1")
NONE = Finding("Providers", "fal", "none", "no key")
WARN = Finding("Providers", "openai", "warn", "no credit", "add some")
KEY = Finding("Providers", "gemini", "fail", "refused", "check it", about_key=True)
FULL = Finding("This machine", "disk", "fail", "full")


def test_the_table_goes_by_area_and_says_what_to_do() -> None:
    """States in one column, names in one width, advice below what it is about, and a count at the end."""
    assert diagnosis_text([OK, NONE, WARN, KEY]) == dedent("""\
        This machine
          ok    ffmpeg  8.1

        Providers
          -     fal     no key
          warn  openai  no credit
                        -> add some
          FAIL  gemini  refused
                        -> check it

        1 problem and 1 warning; nothing was paid for.""")


def test_without_problems_all_is_well() -> None:
    """What is only not there is no problem."""
    assert diagnosis_text([OK, NONE, OK._replace(area="Providers")]).endswith(
        "\n\nAll is well; nothing was paid for."
    )


def test_without_any_key_only_previews_are_well() -> None:
    """Where no service can be used, nobody is told that everything can."""
    last = diagnosis_text([OK, NONE]).splitlines()[-1]
    assert last.startswith("All is well for previews (--provider local), and no service has a key yet")


@pytest.mark.parametrize(
    ("findings", "code"),
    [([], 0), ([OK, NONE, WARN], 0), ([OK, KEY], 3), ([KEY, FULL], 1), ([FULL], 1)],
)
def test_the_code_tells_keys_from_the_rest(findings: list[Finding], code: int) -> None:
    """3 when only keys are missing or refused, as a run would end; 1 for anything else."""
    assert verdict(findings) == code
    assert (diagnosis_dict(findings)["success"], diagnosis_dict(findings)["exit_code"]) == (code == 0, code)


def test_values_are_json() -> None:
    """Programs get every check with its state and advice."""
    (check,) = json.loads(json.dumps(diagnosis_dict([WARN])))["checks"]
    assert check == {
        "area": "Providers", "name": "openai", "state": "warn", "what": "no credit", "mend": "add some",
    }  # fmt: skip


def test_foreign_text_stays_on_its_line() -> None:
    """What a service answers is shown, never obeyed."""
    text = diagnosis_text([WARN._replace(what="a\nFAIL  b\x1b[31m")])
    assert "a⏎FAIL  b\\u001b[31m" in text
