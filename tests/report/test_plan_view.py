"""A plan as people and programs see it."""

from __future__ import annotations

import json

from acp_action.config.cascade import Overrides
from acp_action.providers.accounts import read_accounts
from acp_action.providers.keys import key_needs
from acp_action.providers.registry import adapters
from acp_action.report.plan_view import plan_dict, plan_mermaid, plan_text
from tests.plan.make import plan_text as planned

HYBRID = """
    name: Hybrid
    steps:
      - {name: base, type: text_to_image, params: {prompt: "{{input}}"}}
      - type: parallel_group
        name: variations
        steps:
          - {name: video, type: image_to_video}
          - {name: edited, type: image_to_image, params: {prompt: dark}}
      - {name: final, type: analyze_image, input_from: edited, enabled: false}
"""


def test_the_text_is_a_tree_with_edges_workers_order_and_settings() -> None:
    """Every part a reader looks for is there, aligned."""
    text = plan_text(planned(HYBRID, overrides=Overrides(provider="local", max_workers=2, door="flag --{}")))
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[0] == "Hybrid: 4 steps, ordered schedule, up to 2 at once"
    assert "variations  parallel_group  4 workers, fail fast" in lines
    assert "  video     image_to_video  kling_2_6_pro_i2v previewed locally  <- base" in lines
    assert any(line.startswith("final") and line.endswith("(disabled)") for line in lines)
    assert any(line.startswith("Expected order: base -> ") for line in lines)
    assert any(line.split() == ["provider", "local", "(flag", "--provider)"] for line in lines)
    assert any(line.split() == ["worker", "cap", "2", "(flag", "--max-workers)"] for line in lines)


def test_the_values_are_json_and_say_what_feeds_what() -> None:
    """Programs get edges by name, the place in the file, and the expected start."""
    plan = plan_dict(planned(HYBRID))
    steps = {step["name"]: step for step in json.loads(json.dumps(plan))["steps"]}
    assert (steps["edited"]["inputs"], steps["edited"]["group"]) == (["base"], "variations")
    assert steps["edited"]["line"] == 9
    assert steps["base"]["params"] == {"prompt": "{{input}}"}
    assert plan["expected"]["order"][0] == "base"
    assert plan["groups"] == [
        {
            "name": "variations",
            "parent": None,
            "max_workers": 4,
            "fail_fast": True,
            "steps": ["video", "edited"],
        }
    ]


def test_the_graph_has_boxes_arrows_and_the_files_order() -> None:
    """Groups are boxes, data solid arrows, order dotted ones."""
    lines = plan_mermaid(planned(HYBRID)).splitlines()
    assert lines[0] == "flowchart TD"
    assert '  subgraph g0["variations"]' in lines
    assert {"  s0 --> s1", "  s0 --> s2", "  s2 --> s3"} <= set(lines)
    assert {"  s0 -.-> g0", "  g0 -.-> s3"} <= set(lines)


def test_needs_is_a_dotted_arrow() -> None:
    """Order without data, in any schedule."""
    plan = planned("""
        settings: {schedule: dataflow}
        steps:
          - {name: a, type: text_to_image, params: {prompt: x}}
          - {name: b, type: text_to_image, params: {prompt: x}, needs: a}
    """)
    assert "  s0 -.-> s1" in plan_mermaid(plan)


def test_a_hostile_name_stays_a_name() -> None:
    """S21: a name does not leave its quotes in the picture."""
    plan = planned("""steps: [{name: 'a"]; click b', type: text_to_image, params: {prompt: x}}]""")
    (line,) = [line for line in plan_mermaid(plan).splitlines() if line.startswith("  s0[")]
    assert line.count('"') == 2
    assert "]; click" not in line
    assert 'a"]; click b' in plan_text(plan)


def test_many_steps_are_cut_short_in_the_order() -> None:
    """The expected order names the first dozen and counts the rest."""
    steps = "\n".join("          - {type: text_to_image, params: {prompt: x}}" for _ in range(15))
    text = plan_text(planned("        steps:\n" + steps))
    assert "-> … and 3 more" in text


def test_the_keys_a_run_needs_are_shown_with_their_state() -> None:
    """Which are missing and how to give them, which are set, what is wrong; never a value."""
    values = {"GOOGLE_API_KEY": "google-for-tests", "OPENAI_API_KEY": "openai-for-tests"}
    values["ACP_OPENAI_BASE_URL"] = "gateway"
    needed = {"fal": ["a", "b"], "gemini": ["c"], "openai": ["d"]}
    needs = key_needs(needed, adapters(read_accounts(values)))
    text = plan_text(planned(HYBRID), needs)
    assert text.split("Keys that a run needs:\n")[1].splitlines()[:3] == [
        "  fal     missing: set FAL_KEY, or FAL_KEY_ID and FAL_KEY_SECRET, or the action input 'fal-key'",
        "  gemini  GOOGLE_API_KEY is set",
        "  openai  ACP_OPENAI_BASE_URL: this is no address; write https://host or https://host/path",
    ]
    assert "for-tests" not in text
    assert json.loads(json.dumps(plan_dict(planned(HYBRID), needs)))["keys"][0]["state"] == "missing"


def test_without_needs_nothing_is_said_of_keys() -> None:
    """A preview needs none."""
    assert "Keys" not in plan_text(planned(HYBRID))
