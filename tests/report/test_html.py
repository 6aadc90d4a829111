"""report.html shows what there is, asks for nothing, and nothing from outside acts in it (S22, S24, S26)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acp_action.redaction import SECRETS
from acp_action.report import views
from acp_action.report.html import page
from acp_action.report.html.page import render_html
from acp_action.report.html.thumbnails import Budget
from acp_action.report.summarise import summarise
from acp_action.store.manifest import build_manifest
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.golden import check
from tests.report.pages import Page
from tests.report.runs import EVIL, OUT, mixed_run
from tests.report.showcase import HOSTILE, failed_run, hostile_run, many_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from acp_action.engine.result import RunResult

ADDRESS = re.compile(r"#[a-z0-9-]+|\./[A-Za-z0-9_.~/%-]*|data:(?:image/webp;base64,[A-Za-z0-9+/=]+|,)")
"""Everything that a page of ours leads to or shows."""


@pytest.fixture(autouse=True, scope="module")
def _names_in_bars() -> Iterator[None]:
    """Every bar carries its name, however little room there is: one place more that text comes to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "_LETTER", 0.0)
        yield


def page_of(run: RunResult, folder: Path = OUT, **changes: Any) -> Page:
    """The page of a run."""
    report = summarise(run, folder)
    return Page(render_html(report, build_manifest(run, folder), folder, **changes))


@cache
def shape(evil: str) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], str]:
    """Tags and names of attributes of a page with a text in every place that can come from outside."""
    run = mixed_run(evil)
    report = replace(summarise(run, OUT), stopped=evil + "x", limit=f"limit {evil}")
    steps = tuple(
        replace(s, type=evil, provider=s.provider + evil, reason=s.reason + evil) for s in report.steps
    )
    found = Page(render_html(replace(report, steps=steps), build_manifest(run, OUT), OUT))
    return tuple((tag, tuple(attributes)) for tag, attributes in found.tags), found.text


def test_a_page_reads_as_agreed() -> None:
    """As in ``tests/golden``, without the style and the script."""
    run = mixed_run()
    text = render_html(summarise(run, OUT), build_manifest(run, OUT), OUT)
    text = re.sub(r"(?s)(<style>|<script>).*?(</style>|</script>)", r"\1\2", text)
    check("mixed.html", re.sub("sha256-[A-Za-z0-9+/=]+", "sha256-", text))


@pytest.mark.parametrize("evil", [*HOSTILE, EVIL, "'\"", "&", "{{x}}", "{%", "]]>", "<!--", "--!>"])
def test_foreign_text_changes_no_tag(evil: str) -> None:
    """With an attack in every text the page has the tags and attributes that it has without."""
    quiet = shape("q")[0]
    tags, text = shape(evil)
    assert tags == quiet
    assert "49" not in text or "7 * 7" not in evil


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_no_text_at_all_changes_a_tag(evil: str) -> None:
    """Nor does anything else that can be written."""
    assert shape.__wrapped__(f"q{evil}")[0] == shape("q")[0]


def test_a_page_leads_nowhere_else(tmp_path: Path) -> None:
    """Every address is a place of the page, a file beside it, or a picture within it; no attribute acts."""
    found = page_of(hostile_run(tmp_path), tmp_path)
    addresses = found.values("href", "src", "poster", "srcset", "data", "action", "formaction", "xlink:href")
    assert len(addresses) > 40
    assert [address for address in addresses if not ADDRESS.fullmatch(address)] == []
    assert not found.values("style")
    names = {name for _, attributes in found.tags for name in attributes}
    assert not [name for name in names if name.startswith("on")]
    assert {tag for tag, _ in found.tags}.isdisjoint({"iframe", "object", "embed", "base", "animate"})


def test_the_policy_allows_our_style_and_script_alone() -> None:
    """By their hashes; nothing inline beside them, and nothing from a server."""
    found = page_of(guide_run())
    policy = next(m["content"] for m in found.of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    rules = {name: set(rest) for name, *rest in (rule.split() for rule in policy.split(";"))}
    for tag in ("script", "style"):
        assert len(found.of(tag)) == 1
        digest = base64.b64encode(hashlib.sha256(found.within[tag].encode()).digest()).decode()
        assert rules[f"{tag}-src"] == {f"'sha256-{digest}'"}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == {"'none'"}
    assert rules["img-src"] == {"'self'", "file:", "data:"}
    # It counts only from where it stands.
    assert [tag for tag, _ in found.tags[:5]] == ["html", "head", "meta", "meta", "meta"]


def test_names_that_look_like_addresses_are_none(tmp_path: Path) -> None:
    """A file called ``javascript:…`` is linked as the file that it is; one outside is not linked at all."""
    (tmp_path / "out").mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "out/link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "out/javascript:alert(1).png").write_bytes(b"x")
    report = summarise(guide_run(), OUT)
    files = ("javascript:alert(1).png", "../secret.png", "link.png", str(tmp_path / "secret.png"), "a\0b.png")
    steps = (replace(report.steps[0], files=files), *report.steps[1:])
    found = Page(render_html(replace(report, steps=steps), None, tmp_path / "out"))
    assert {a for a in found.values("href", "src") if "png" in a} == {"./javascript%3Aalert%281%29.png"}
    assert found.text.count("not here") == len(files) - 1 + 3


def test_a_secret_is_not_shown_either_way_it_is_written() -> None:
    """It is blotted out before the escaping, which would hide it from whoever looks for it."""
    SECRETS.add("key<&>'for-tests")
    try:
        text = render_html(summarise(mixed_run("key<&>'for-tests"), OUT), None, OUT)
    finally:
        SECRETS.clear()
    assert "***" in text
    assert "for-tests" not in text


def test_what_went_wrong_stands_first_with_its_mend(tmp_path: Path) -> None:
    """Failed, refused, timed out and doubtful steps, then what never ran; a disabled step is no trouble."""
    text = page_of(failed_run(tmp_path), tmp_path).text
    names = ("no_credit", "policy", "slow_clip", "lost", "stopped", "follower")
    section = text[text.index("Needs attention 6") : text.index("Timeline")]
    places = [section.index(f"{name} ") for name in names]
    assert places == sorted(places)
    assert section.count("To mend") == 6
    assert "--resubmit-doubtful" in section
    assert "off skipped" in text.partition("Results")[2]


def test_what_went_wrong_alike_is_told_once() -> None:
    """Twenty steps without credit are one trouble; each is still there, to be led to from its bar."""
    evil = "no credit <b>&</b>"
    traces = [Trace((("fatal", 1.0),), changes={"reason": evil})] * 20 + [Trace((("fatal", 1.0),))]
    found = page_of(carry_out(a_plan([a_step(i, f"s{i}") for i in range(21)]), traces))
    section = found.text[found.text.index("Needs attention 21") : found.text.index("Timeline")]
    assert "s0, s1, s2 and 17 more failed no credit <b>&</b> To mend" in section
    assert section.count("To mend") == 2
    assert "20 steps" in section
    assert {f"s{i}" for i in range(21)} == {a["id"] for a in found.of("article")}


def test_pictures_are_within_the_page_and_lead_to_the_files(tmp_path: Path) -> None:
    """Each as a thumbnail of its own size, with what is known of it."""
    found = page_of(failed_run(tmp_path), tmp_path)
    pictures = found.of("img")
    assert len(pictures) == 5
    assert all(p["src"].startswith("data:image/webp;base64,") for p in pictures)
    assert {(p["width"], p["height"]) for p in pictures} == {("640", "360")}
    assert {a["href"] for a in found.of("a")} >= {"./hero.png", "./kept.png"}
    assert "640 × 360, " in found.text


def test_without_a_budget_the_page_shows_the_files(tmp_path: Path) -> None:
    """No time or no room for thumbnails, and no picture is missing."""
    run = failed_run(tmp_path)
    for budget in (Budget(size=0), Budget(seconds=0.0), Budget(size=10)):
        found = page_of(run, tmp_path, budget=budget)
        assert {p["src"] for p in found.of("img")} >= {"./hero.png", "./kept.png"}


def test_texts_keep_their_direction_and_their_joiners(tmp_path: Path) -> None:
    """Right-to-left prompts and joined emoji come through, in an element of their own direction."""
    text = render_html(summarise(failed_run(tmp_path), tmp_path), None, tmp_path)
    assert 'dir="auto"' in text
    shown = page_of(failed_run(tmp_path), tmp_path).text
    assert "منارة على جرف" in shown
    assert "👩🏽‍🚀 floating" in shown


def test_a_manifest_of_any_shape_is_survived() -> None:
    """What an old or foreign manifest lacks is not shown."""
    report = summarise(guide_run(), OUT)
    records: list[Any] = [
        None, 7, {"step": "image_1"}, {"step": "image_2", "params": [], "media": 3, "bytes": "x"},
        {"step": "image_3", "file": "image_3.png", "params": {"prompt": 5, "x": {"y": [1e400]}},
         "media": {"width": -1, "height": "x", "duration": "y"}, "bytes": None, "model_name": 5},
    ]  # fmt: skip
    for manifest in (None, {}, {"outputs": 5}, {"outputs": records, "without_output": records}):
        assert "image_3" in Page(render_html(report, manifest, None)).text


@pytest.mark.parametrize("name", ["broken.png", "huge.png", "clip.mp4"])
def test_files_that_are_none_have_no_thumbnail(tmp_path: Path, name: str) -> None:
    """A torn picture costs neither the page nor a word in the log."""
    (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    report = summarise(guide_run(), OUT)
    steps = tuple(replace(step, files=(name,)) for step in report.steps)
    found = Page(render_html(replace(report, steps=steps), None, tmp_path))
    assert not [v for v in found.values("src", "poster") if v.startswith("data:")]
    assert found.values("src").count(f"./{name}") == 4


def test_two_hundred_pictures_are_less_than_five_megabytes(tmp_path: Path) -> None:
    """Thumbnails share a budget, and what is beyond it is shown from the files."""
    run = many_run(tmp_path, 12, 12, (200, 200))
    report = summarise(run, tmp_path)
    budget = Budget(size=8000)
    text = render_html(report, build_manifest(run, tmp_path), tmp_path, budget=budget)
    thumbnails = [v for v in Page(text).values("src") if v.startswith("data:image")]
    assert 0 < sum(map(len, thumbnails)) <= budget.size
    assert Budget().size + 12_000 * 200 / 2 < 5_000_000
    assert len(text) - sum(map(len, thumbnails)) < 12_000 * len(report.steps)


def test_a_thousand_steps_are_one_page(tmp_path: Path) -> None:
    """All of them, in less than two megabytes."""
    report = summarise(many_run(tmp_path), tmp_path)
    text = render_html(report)
    assert len(text) < 2_000_000
    assert text.count("<article ") == 1000


def test_of_more_steps_the_first_are_shown_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are among the first; bars of steps without a card lead nowhere."""
    monkeypatch.setattr(page, "CARDS", 2)
    found = page_of(mixed_run())
    assert [a["id"] for a in found.of("article")] == ["s2", "s3"]
    assert "And 3 more steps in report.json." in found.text
    assert {a["href"] for a in found.of("a") if a["href"].startswith("#s")} == {"#s2"}


def test_a_run_of_nothing_is_a_page() -> None:
    """No step, no timeline, no complaint."""
    text = page_of(carry_out(a_plan([], name=""), [])).text
    assert "Pipeline succeeded" in text
    assert "No step has an output." in text


def test_long_texts_are_cut() -> None:
    """A prompt of a million letters is shown by its beginning."""
    changes = {"params": {"prompt": "p" * 1_000_000, "x": "y" * 1_000_000}, "reason": "r" * 1_000_000}
    run = carry_out(a_plan([a_step(0, "n" * 500)]), [Trace((("fatal", 1.0),), changes=changes)])
    assert len(render_html(summarise(run, OUT), build_manifest(run, OUT))) < 60_000
