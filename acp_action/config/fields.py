"""The types of a pipeline's fields: what may be written in each, and what is said when it is wrong."""

from __future__ import annotations

import re
from math import isfinite
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from acp_action.config.scalars import parse_flag, parse_number, written
from acp_action.config.text import FORBIDDEN, shown
from acp_action.errors import did_you_mean

CUSTOM: Final = "pipeline"
"""The error type of the faults below; their context holds ``what`` and ``mend``."""

LONGEST_NAME: Final = 300
PROVIDERS: Final = ("fal", "gemini", "elevenlabs", "openrouter", "replicate", "openai")
"""Who limits how much may be sent; a test holds it against the registry."""
_EXAMPLE_LIMITS: Final = "write {fal: {requests_per_minute: 60, concurrency: 10}}"
_YEAR: Final = 366 * 24 * 3600


def _fault(what: str, mend: str) -> PydanticCustomError:
    return PydanticCustomError(CUSTOM, "{what}; {mend}", {"what": what, "mend": mend})


def described(value: Any) -> str:
    """A value in a few words, for a message.

    >>> described([1]), described("a cat"), described(None), described(5)
    ('a list', "'a cat'", 'nothing', '5')
    """
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    return shown(value) if isinstance(value, str) else shown(written(value))[1:-1]


def read_text(value: Any) -> str:
    """A text as written; numbers and truth values become the text they were written as."""
    if isinstance(value, bool | int | float):
        return written(value)
    if not isinstance(value, str):
        raise _fault(f"expected a text, not {described(value)}", "quote it if it is one")
    if not value.strip():
        raise _fault("the text is empty", "write something, or leave the key out")
    return value


def read_flag(value: Any) -> bool:
    """True or false, also as a word: yes, no, on, off."""
    flag = value if isinstance(value, bool) else parse_flag(value) if isinstance(value, str) else None
    if flag is None:
        raise _fault(f"expected true or false, not {described(value)}", "write true or false")
    return flag


def read_number(value: Any, *, example: str = "4 or 0.5") -> float:
    """A number, also in quotes; never infinite."""
    number = parse_number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
        raise _fault(f"expected a number, not {described(value)}", _numeric(value, example))
    return number


def read_whole(value: Any) -> int:
    """A whole number, also in quotes."""
    number = read_number(value, example="4")
    if number != int(number):
        raise _fault(f"expected a whole number, not {described(value)}", f"write {round(number)}")
    return int(number)


def _numeric(value: Any, example: str) -> str:
    """How a text that is nearly a number should be written."""
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(r"\d{1,15}(_\d{1,15})+|0\d{1,15}", text):
        return f"write {int(text.replace('_', ''))}"
    if match := re.fullmatch(r"(\d{1,9}):([0-5]?\d)", text):
        return f"write {60 * int(match[1]) + int(match[2])}; times are in seconds"
    if match := re.fullmatch(r"(\d{1,9}) ?(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?)", text):
        return f"write {int(match[1]) * {'s': 1, 'm': 60, 'h': 3600}[match[2][0]]}; times are in seconds"
    return f"write digits, as in {example}"


def read_names(value: Any) -> tuple[Any, ...]:
    """One name, or a list of names."""
    if isinstance(value, dict):
        raise _fault("expected a name or a list of names, not a mapping", "write [first, second]")
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def read_mapping(value: Any) -> dict[str, Any]:
    """A mapping; nothing counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _fault(
            f"expected keys with values, not {described(value)}", "write one key: value a line below it"
        )
    return value


def read_limits(value: Any) -> dict[str, Any]:
    """Limits by provider; each a mapping."""
    if not isinstance(value, dict):
        raise _fault(f"expected limits by provider, not {described(value)}", _EXAMPLE_LIMITS)
    for name, limit in value.items():
        if name not in PROVIDERS:
            near = did_you_mean(str(name), PROVIDERS)
            raise _fault(
                f"there are no rate limits for {shown(str(name))}", near or f"known: {', '.join(PROVIDERS)}"
            )
        if not isinstance(limit, dict):
            raise _fault(f"expected limits of {name}, not {described(limit)}", _EXAMPLE_LIMITS)
    return value


def check_word(value: str) -> str:
    """A text without templates."""
    if "{{" not in value:
        return value
    match = re.search(r"\{\{\s*step_(.+?)\.output\s*\}\}", value)
    raise _fault(
        "templates work in params only",
        f"write the step's name: {match[1]}" if match else "write the value itself",
    )


def check_name(value: str) -> str:
    """A name that can be shown in one line and stand in a template."""
    if len(value) > LONGEST_NAME:
        raise _fault(f"the name has {len(value)} characters", f"use at most {LONGEST_NAME}")
    if FORBIDDEN.search(value) or re.search(r"[{}\r\n\t]", value):
        raise _fault(
            f"the name {shown(value)} holds a line end, a tab or a brace", "use letters, digits, _ and -"
        )
    if value != value.strip():
        raise _fault(f"the name {shown(value)} begins or ends with a space", f"write {value.strip()}")
    return value


def _in_any_case(value: Any) -> Any:
    """The choice that is meant, in its own case; what is none stays as it was written."""
    choices = {choice.lower(): choice for choice in (*get_args(LogLevels), *get_args(Schedules))}
    return choices.get(value.strip().lower(), value) if isinstance(value, str) else value


LogLevels = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Schedules = Literal["ordered", "dataflow"]


Text: TypeAlias = Annotated[str, BeforeValidator(read_text)]
Word: TypeAlias = Annotated[Text, AfterValidator(check_word)]
Name: TypeAlias = Annotated[Text, AfterValidator(check_name)]
Names: TypeAlias = Annotated[tuple[Word, ...], BeforeValidator(read_names)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(read_flag)]
Workers: TypeAlias = Annotated[int, Field(ge=1, le=10_000), BeforeValidator(read_whole)]
Retries: TypeAlias = Annotated[int, Field(ge=0, le=100), BeforeValidator(read_whole)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=_YEAR), BeforeValidator(read_number)]
Rate: TypeAlias = Annotated[float, Field(gt=0, le=1_000_000), BeforeValidator(read_number)]
Delay: TypeAlias = Annotated[float, Field(ge=0, le=_YEAR), BeforeValidator(read_number)]
Dollars: TypeAlias = Annotated[float, Field(ge=0, le=1_000_000), BeforeValidator(read_number)]
Params: TypeAlias = Annotated[dict[str, Any], BeforeValidator(read_mapping)]
LogLevel: TypeAlias = Annotated[LogLevels, BeforeValidator(_in_any_case)]
Schedule: TypeAlias = Annotated[Schedules, BeforeValidator(_in_any_case)]
