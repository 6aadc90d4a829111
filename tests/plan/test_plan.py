"""The plan as a whole: names, order, groups, limits, selection."""

from __future__ import annotations

import random
from textwrap import indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acp_action.config.cascade import Overrides
from acp_action.errors import UsageError
from acp_action.plan.graph import ancestors, find_cycles, topological_order
from tests.plan.make import names, plan_text, problems_of, step

GRAPHS = st.integers(1, 12).flatmap(
    lambda size: st.lists(st.sets(st.integers(0, size - 1), max_size=3), min_size=size, max_size=size)
)


@given(GRAPHS)
def test_the_order_is_topological_and_leaves_out_cycles_only(needs: list[set[int]]) -> None:
    """I7: each node once, after what it needs."""
    order = topological_order(needs)
    place = {node: at for at, node in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[source] < place[node] for node in order for source in needs[node])
    assert (len(order) == len(needs)) == (not find_cycles(needs))


@given(GRAPHS)
def test_cycles_are_found_exactly_when_there_are_some_and_are_real(needs: list[set[int]]) -> None:
    """I8: every step of a named path is an edge, and it closes."""
    paths = find_cycles(needs)
    assert bool(paths) == (len(topological_order(needs)) < len(needs))
    assert all(b in needs[a] for path in paths for a, b in zip(path, path[1:], strict=False))
    assert all(path[0] == path[-1] for path in paths)


@given(GRAPHS)
def test_no_cycle_is_left_when_those_that_were_told_are_mended(needs: list[set[int]]) -> None:
    """Rule 12: all at once. Whoever takes apart every cycle that was named is not told of another one."""
    told = {node for path in find_cycles(needs) for node in path}
    rest = [set() if node in told else sources - told for node, sources in enumerate(needs)]
    assert len(topological_order(rest)) == len(rest)


@given(GRAPHS, st.data())
def test_ancestors_are_closed_under_need(needs: list[set[int]], data: st.DataObject) -> None:
    """I12: exactly the targets and all they need."""
    targets = data.draw(st.sets(st.integers(0, len(needs) - 1)))
    found = ancestors(needs, targets)
    assert targets <= found
    assert all(needs[node] <= found for node in found)


def test_nameless_entries_are_named_by_type_and_place() -> None:
    """``<type>_<n>`` counts the entries of that type; a taken name is passed over."""
    plan = plan_text("""
        steps:
          - {type: text_to_image, params: {prompt: x}}
          - {name: text_to_image_3, type: text_to_image, params: {prompt: x}}
          - {type: text_to_image, params: {prompt: x}}
    """)
    assert [s.name for s in plan.steps] == ["text_to_image_1", "text_to_image_3", "text_to_image_4"]


def test_defaults_of_models_are_shown_in_the_plan() -> None:
    """A step without a model gets its type's default."""
    plan = plan_text("steps: [{name: a, type: text_to_image, params: {prompt: x}}, {type: image_to_video}]")
    assert [(s.model.key, s.provider) for s in plan.steps] == [
        ("flux_dev", "fal"),
        ("kling_2_6_pro_i2v", "fal"),
    ]


@pytest.mark.parametrize(
    ("where", "overrides", "expected"),
    [
        ("", None, ("fal", False)),
        ("settings: {provider: local}", None, ("local", True)),
        ("", Overrides(provider="local"), ("local", True)),
    ],
)
def test_local_is_chosen_by_setting_or_flag_and_never_silently(
    where: str, overrides: Overrides | None, expected: tuple[str, bool]
) -> None:
    """A preview is marked as one."""
    plan = plan_text(where + "\nsteps: [{type: text_to_image, params: {prompt: x}}]", overrides=overrides)
    assert (plan.steps[0].provider, plan.steps[0].preview) == expected


def test_a_flag_beats_a_step_and_a_step_beats_the_file() -> None:
    """Who wins, for providers: flag, step, settings, model."""
    text = """
        settings: {provider: local}
        steps: [{type: text_to_image, provider: fal, params: {prompt: x}}]
    """
    assert plan_text(text).steps[0].provider == "fal"
    assert plan_text(text, overrides=Overrides(provider="local")).steps[0].provider == "local"


def test_timeouts_come_from_the_nearest_that_sets_one() -> None:
    """Step, then group, then the group around it, then settings."""
    plan = plan_text("""
        settings: {timeout: 50}
        steps:
          - type: parallel_group
            timeout: 40
            steps:
              - {name: own, type: text_to_image, timeout: 10, params: {prompt: x}}
              - type: parallel_group
                steps: [{name: outer, type: text_to_image, params: {prompt: x}}]
          - {name: file, type: text_to_image, params: {prompt: x}}
    """)
    assert [step(plan, n).timeout for n in ("own", "outer", "file")] == [10, 40, 50]


def test_ordered_entries_follow_each_other_and_groups_are_barriers() -> None:
    """Every path from an entry to the next goes through an order edge or a gate."""
    plan = plan_text("""
        steps:
          - {name: a, type: text_to_image, params: {prompt: x}}
          - type: parallel_group
            steps: [{name: b, type: text_to_image, params: {prompt: x}}, {name: c, type: text_to_image,
            params: {prompt: x}}]
          - {name: d, type: text_to_image, params: {prompt: x}}
    """)
    graph = plan.graph
    opening = graph.order[0][0]
    closing = graph.order[1][0]
    assert set(graph.order[opening]) == {1, 2}
    assert graph.order[2] == (closing,)
    assert graph.order[closing] == (3,)


def test_dataflow_adds_no_order() -> None:
    """Only what data flows through is awaited."""
    plan = plan_text("""
        settings: {schedule: dataflow}
        steps:
          - {name: a, type: text_to_image, params: {prompt: x}}
          - {name: b, type: text_to_image, params: {prompt: x}}
    """)
    assert plan.graph.waiting == (0, 0)


def test_gates_keep_a_group_upon_a_group_linear() -> None:
    """Two groups of a thousand after each other have thousands of edges, not a million."""
    group = "- type: parallel_group\n  steps:\n" + "".join(
        "    - {type: text_to_image, params: {prompt: x}}\n" for _ in range(1000)
    )
    plan = plan_text("steps:\n" + indent(group + group, "  "))
    assert sum(map(len, plan.graph.order)) < 5000


CHOICE = """
    steps:
      - {name: a, type: text_to_image, params: {prompt: x}}
      - type: parallel_group
        name: g
        steps:
          - {name: b, type: image_to_image, input_from: a}
          - {name: c, type: text_to_image, params: {prompt: x}}
      - {name: d, type: image_to_video, input_from: b}
      - {name: e, type: text_to_image, params: {prompt: "{{env.SECRET_THING}}"}}
"""


def test_a_selection_is_its_targets_and_what_they_need() -> None:
    """I12; steps of a group are numbered anew, and what is left out is not checked."""
    plan = plan_text(CHOICE, only=["d"], env={})
    assert [s.name for s in plan.steps] == ["a", "b", "d"]
    assert (step(plan, "b").number, step(plan, "b").total) == (1, 1)
    assert names(plan, step(plan, "d").media) == ["b"]
    assert plan.groups[0].members == (1,)


def test_a_group_can_be_selected() -> None:
    """Its name stands for all its steps."""
    assert [s.name for s in plan_text(CHOICE, only=["g"], env={}).steps] == ["a", "b", "c"]


def test_an_unknown_selection_offers_the_nearest_name() -> None:
    """A typing error in --step is an error of usage."""
    with pytest.raises(UsageError, match="did you mean 'd'"):
        plan_text(CHOICE, only=["D"], env={})


def test_advice_for_adapters_is_not_given_to_users() -> None:
    """What the catalogue says to programmers cannot be written into a pipeline file."""
    plan = plan_text("steps: [{type: text_to_image, model: gpt_image_1_5, params: {prompt: x}}]")
    assert "endpoint" not in plan.warnings[0].mend


@pytest.mark.parametrize("step_type", ["analyze_image", "generate_prompt"])
def test_default_models_that_read_pictures_are_alive(step_type: str) -> None:
    """Whoever names no model is not warned of the one that was chosen."""
    assert plan_text(f"steps: [{{type: {step_type}, params: {{image: pyproject.toml}}}}]").warnings == ()


def test_a_retired_model_is_a_warning() -> None:
    """It stops nothing, and says what to use instead."""
    plan = plan_text("steps: [{type: text_to_video, model: veo3, params: {prompt: x}}]")
    assert "retired" in plan.warnings[0].what
    assert plan.warnings[0].mend.startswith("its provider may refuse it; choose another one, such as ")
    for name in plan.warnings[0].mend.partition("such as ")[2].split(", "):
        plan = plan_text(f"steps: [{{type: text_to_video, model: {name}, params: {{prompt: x}}}}]")
        assert plan.warnings == (), "what is named can be written, and is alive"
    plan = plan_text("steps: [{type: text_to_video, model: veo3, params: {prompt: x}}]")
    assert plan.warnings[0].severity == "warning"


def test_the_run_input_is_asked_for_only_where_it_is_used() -> None:
    """A pipeline without ``{{input}}`` runs without one."""
    plan_text("steps: [{type: text_to_image, params: {prompt: x}}]", need_input=True)
    (problem,) = problems_of('steps: [{type: text_to_image, params: {prompt: "{{input}}"}}]', need_input=True)
    assert problem.mend == 'give it with --input "…", input: in a workflow, or input_text="…" in Python'


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_a_plan_does_not_depend_on_chance(seed: int) -> None:
    """I7: the same text gives the same plan, and edges point to real steps, whatever the graph."""
    rng = random.Random(seed)
    lines = ["settings: {schedule: dataflow}", "steps:"]
    for index in range(rng.randrange(1, 12)):
        source = f", input_from: s{rng.randrange(index)}" if index and rng.random() < 0.7 else ""
        kind = "image_to_image" if source else "text_to_image"
        lines.append(f"  - {{name: s{index}, type: {kind}{source}, params: {{prompt: x}}}}")
    first, second = plan_text("\n".join(lines)), plan_text("\n".join(lines))
    assert first == second
    assert all(source < s.index for s in first.steps for source in s.data)
