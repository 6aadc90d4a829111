"""Foreign text in the log is text; commands in the log are ours (S18, S19, I30)."""

from __future__ import annotations

import errno
import io
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acp_action.github.commands import LEAST_SECRET, MESSAGE_LIMIT, Log, Note, command, neutral
from tests.github.runner_port import (
    IGNORED,
    WHITE,
    Command,
    act_command,
    act_commands,
    runner_command,
    runner_commands,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PIECES = [
    *("::", ":", "##[", "#", "[", "]", " ", "=", ",", ";", "%", "%0A", "%3A", "add-mask", "error", "set-env"),
    *("stop-commands", "set-output name=x", "endgroup", "\r", "\n", "\r\n", "\x1b[31m", "\u202e", "a"),
    *WHITE,
    *IGNORED,
]
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40)
ATTACKS = [
    *("::set-output name=x::y", "\u3000\u2028 ::add-mask::e", "a\r::stop-commands::x", "x ##[add-mask]e"),
    *("##[set-env name=PATH]x", "###[error]x", "\x85::error::x", "\x0b\x0c::error::x"),
    *("a\n::error file=x::y", "\x00##[error]", "\x1b[2K\r\n\t::error::x"),
]


def written(act: Callable[[Log], object], *, commands: bool = True, debug: bool = False) -> str:
    """What a log writes."""
    stream = io.StringIO(newline="")
    act(Log(stream, commands=commands, debug=debug))
    return stream.getvalue()


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_is_seen_by_the_port_and_disarmed(text: str) -> None:
    """As it stands the runner carries it out, which shows that the port sees; as a log line it does not."""
    assert len(runner_commands(text)) == 1
    assert runner_commands(written(lambda log: log.line(text))) == []
    assert runner_commands(written(lambda log: log.lines(text))) == []


@given(HOSTILE)
@example("##[error]")
@example("\u3000::error::x")
def test_a_neutral_text_is_no_command_to_any_runner(text: str) -> None:
    """Neither parser of the runner, strict or by culture, nor act's finds a command (I30)."""
    line = neutral(text)
    assert runner_command(line) is None
    assert runner_command(line, culture=True) is None
    assert act_command(line) is None


@given(HOSTILE)
def test_a_neutral_text_is_one_printable_line_and_stays_as_it_is(text: str) -> None:
    """No control character, escape or bidi sign is left, and doing it again changes nothing."""
    line = neutral(text)
    assert line.isprintable()
    assert neutral(line) == line


@given(st.from_regex(r"[a-z(][a-z0-9 .,:/_'()-]*", fullmatch=True))
def test_harmless_text_is_left_alone(text: str) -> None:
    """Colons within a line, as in paths and addresses, are no command and stay."""
    assert neutral(text) == text


@given(HOSTILE, HOSTILE, HOSTILE)
def test_the_runner_reads_a_command_as_it_was_meant(message: str, title: str, file: str) -> None:
    """Message and properties arrive letter by letter; the runner itself trims a property's ends."""
    told = command("error", message, file=file, title=title)
    meant = {"file": file.strip().lstrip("="), "title": title.strip().lstrip("=")}
    assert runner_commands(told) == [Command("error", {k: v for k, v in meant.items() if v}, message)]


@given(st.integers(0, 3), st.sampled_from("%\n\rx"))
def test_a_long_message_is_cut_between_escapes(offset: int, char: str) -> None:
    """At most 4096 characters leave, and what arrives is the beginning of what was said."""
    message = "x" * (MESSAGE_LIMIT - 5 + offset) + char * 9
    (found,) = runner_commands(command("error", message))
    assert len(command("error", message)) <= len("::error::") + MESSAGE_LIMIT
    assert message.startswith(found.data.removesuffix("…"))


@given(HOSTILE, HOSTILE, HOSTILE)
def test_a_log_of_hostile_text_holds_exactly_the_commands_we_meant(a: str, b: str, c: str) -> None:
    """Lines, titles, messages and tracebacks form no command; annotations, groups and masks arrive."""

    def act(log: Log) -> None:
        log.line(a)
        log.group(b)
        log.lines(f"Traceback\n{c}\n{a}")
        log.annotate(Note("error", c, a, b, 3, 5))
        log.end_group()
        log.debug(f"x{b}")
        log.end_group()

    names = [found.name for found in runner_commands(written(act, debug=True))]
    debugs = len(f"x{b}".splitlines())
    assert names == ["group", "error", "endgroup", *["debug"] * debugs]


@given(HOSTILE, HOSTILE)
def test_outside_of_actions_no_command_is_written(a: str, b: str) -> None:
    """A log for people holds plain lines only."""

    def act(log: Log) -> None:
        log.group(a)
        log.annotate(Note("warning", b, a, a, 3, 5))
        log.debug(b)
        assert log.mask(f"key-{a}")
        log.end_group()

    text = written(act, commands=False, debug=True)
    assert runner_commands(text) == []
    assert act_commands(text) == []


def test_an_annotation_reads_well_outside_of_actions() -> None:
    """Level, place, title and message on one line, further lines under it."""
    note = Note("error", "no model 'x'\ndid you mean 'y'?", "step 'a'", "p.yaml", 3, 5)
    told = "[ERROR] p.yaml:3:5: step 'a': no model 'x'\n  did you mean 'y'?\n"
    assert written(lambda log: log.annotate(note), commands=False) == told
    assert written(lambda log: log.annotate(Note("notice", "x")), commands=False) == "[NOTICE] x\n"


@pytest.mark.parametrize(
    ("line", "column", "told"),
    [(0, 5, {}), (3, 0, {"line": "3"}), (3, 5, {"line": "3", "col": "5"})],
)
def test_a_place_is_told_as_far_as_it_is_known(line: int, column: int, told: dict[str, str]) -> None:
    """A column without a line says nothing to the runner."""
    note = Note("error", "x", line=line, column=column)
    assert runner_commands(written(lambda log: log.annotate(note))) == [Command("error", told, "x")]


def test_opening_a_group_closes_the_one_before() -> None:
    """The viewer does not nest groups, so there is never more than one open."""

    def act(log: Log) -> None:
        log.group("a")
        log.group("b")
        log.end_group()
        log.end_group()

    names = [(found.name, found.data) for found in runner_commands(written(act))]
    assert names == [("group", "a"), ("endgroup", ""), ("group", "b"), ("endgroup", "")]


def test_debug_lines_are_written_for_those_who_asked() -> None:
    """Without debug nothing is written."""
    assert written(lambda log: log.debug("x")) == ""
    assert written(lambda log: log.debug("x\ny"), debug=True) == "::debug::x\n::debug::y\n"


SECRETS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | HOSTILE


@given(SECRETS)
@example("-----BEGIN\nabcdef\r\n  ghijkl  \n-----END\n")
def test_a_secret_is_masked_whole_and_line_by_line(secret: str) -> None:
    """The runner learns the trimmed whole and every trimmed line of it that is long enough."""
    masks = {c.data for c in runner_commands(written(lambda log: log.mask(secret))) if c.name == "add-mask"}
    wanted = {secret.strip(), *(line.strip() for line in secret.splitlines())}
    if len(secret.strip()) >= LEAST_SECRET:
        assert {value for value in wanted if len(value) >= LEAST_SECRET} <= masks
    assert all(len(value) >= LEAST_SECRET for value in masks)


def test_a_short_secret_is_not_masked_and_said_so() -> None:
    """A mask of one letter would turn the whole log into stars."""
    log = Log(io.StringIO())
    assert [log.mask(value) for value in ("", "  \n", "abc", "abc\n", "abcd")] == [False] * 4 + [True]


def test_act_learns_the_parts_of_a_secret_before_it_misreads_the_whole() -> None:
    """Where act ends a command at the last ``::``, both sides of it are masked by then."""
    found = act_commands(written(lambda log: log.mask("left::right")))
    assert [(c.name, c.data) for c in found[:2]] == [("add-mask", "left"), ("add-mask", "right")]


def test_a_secret_that_is_no_valid_text_is_masked_in_parts() -> None:
    """Bytes of the environment that are no UTF-8 cannot be written; what stands around them can."""
    masks = [c.data for c in runner_commands(written(lambda log: log.mask("left\udcffright")))]
    assert masks == ["left", "right"]


@pytest.mark.parametrize("secret", ["se\x1b[0mcret", "two\nlines", "##[x]y", "::key::"])
def test_a_secret_is_redacted_however_it_is_shown(secret: str) -> None:
    """It is taken out before anything in it is escaped, from every kind of line."""
    stream = io.StringIO()
    log = Log(stream, redact=lambda text: text.replace(secret, "***"), debug=True)
    log.line(f"x {secret}")
    log.lines(f"x\n{secret}\ny")
    log.debug(secret)
    log.group(secret)
    log.annotate(Note("error", secret, secret, secret))
    assert stream.getvalue().count("***") == 7
    assert not any(form in stream.getvalue() for form in (secret, neutral(secret)))


def test_an_escape_that_forms_a_secret_is_redacted() -> None:
    """The last look is at the line as it leaves."""
    stream = io.StringIO()
    Log(stream, redact=lambda text: text.replace("a\\u001bb", "***")).line("a\x1bb")
    assert stream.getvalue() == "***\n"


class Broken(io.StringIO):
    """A stream that fails with an error number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.tries = 0

    def write(self, text: str) -> int:
        self.tries += 1
        raise OSError(self.number, "broken")


@pytest.mark.parametrize(("number", "tries"), [(errno.EPIPE, 1), (errno.ENOSPC, 2)])
def test_a_stream_that_takes_no_more_is_remembered_and_raises_nothing(number: int, tries: int) -> None:
    """A run is worth more than its log; a full disk is tried again, a closed pipe is not."""
    stream = Broken(number)
    log = Log(stream)
    log.line("a")
    log.group("b")
    assert isinstance(log.fault, OSError)
    assert log.fault.errno == number
    assert stream.tries == tries


def test_a_closed_stream_raises_nothing() -> None:
    """Late threads may log when everything is over."""
    stream = io.StringIO()
    stream.close()
    log = Log(stream)
    log.line("a")
    assert isinstance(log.fault, ValueError)


def test_what_an_old_encoding_lacks_is_shown_escaped() -> None:
    """A log in ASCII loses no line."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Log(stream).line("Küste")
    assert raw.getvalue() == b"K\\xfcste\n"


class Counted(io.StringIO):
    """A stream that notes every write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)


def test_every_call_is_one_write_of_whole_lines() -> None:
    """Lines of several threads never mix, because each call leaves in one piece."""
    stream = Counted()
    log = Log(stream)
    threads = [threading.Thread(target=log.lines, args=(f"{n}\n{n}\n{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stream.writes) == [f"{n}\n{n}\n{n}\n" for n in range(8)]
