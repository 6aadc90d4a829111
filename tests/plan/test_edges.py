"""Rule 2: what feeds each step, and what is an error of the file."""

from __future__ import annotations

import pytest

from tests.plan.make import names, plan_text, problems_of, step

HYBRID = """
    steps:
      - {name: base_image, type: text_to_image, model: flux_dev, params: {prompt: "{{input}}"}}
      - type: parallel_group
        name: variations
        steps:
          - {name: video, type: image_to_video, model: kling_2_6_pro, input_from: base_image}
          - {name: edited, type: image_to_image, input_from: base_image, params: {prompt: dark}}
      - {name: final, type: analyze_image, input_from: edited}
"""


def test_a_model_that_needs_a_text_is_asked_before_anything_is_paid() -> None:
    """Its type can do without one; the run's input, a preview or multi_prompt will do too."""
    file = """
    steps:
      - {name: s, type: text_to_image, params: {prompt: opening scene}}
      - {name: v, type: image_to_video, model: kling_2_6_pro, input_from: s}
    """
    (problem,) = problems_of(file, need_input=True)
    assert problem.what == "kling_2_6_pro_i2v needs a prompt, and the run has no input to take for it"
    assert problem.mend == "write params.prompt, or give the run an input"
    plan_text(file)
    plan_text(file, need_input=True, input_text="a car")
    plan_text(file.replace("input_from: s", "input_from: s, provider: local"), need_input=True)
    plan_text(file.replace("input_from: s", "input_from: s, params: {prompt: it drives}"), need_input=True)
    plan_text(file.replace("kling_2_6_pro, input_from: s", "hailuo, enabled: false"), need_input=True)


def test_input_from_is_a_data_edge() -> None:
    """The named step feeds the media port."""
    plan = plan_text(HYBRID)
    assert names(plan, step(plan, "final").media) == ["edited"]
    assert names(plan, step(plan, "video").data) == ["base_image"]


def test_a_list_and_a_group_feed_in_order() -> None:
    """A group's name means all its outputs, in file order."""
    plan = plan_text("""
        steps:
          - type: parallel_group
            name: clips
            steps:
              - {name: b, type: text_to_video, params: {prompt: x}}
              - {name: a, type: text_to_video, params: {prompt: x}}
          - {name: film, type: concat_videos, input_from: clips}
          - {name: again, type: concat_videos, input_from: [a, b]}
    """)
    assert names(plan, step(plan, "film").media) == ["b", "a"]
    assert names(plan, step(plan, "again").media) == ["a", "b"]


def test_media_that_nobody_names_come_from_the_entry_before() -> None:
    """At top level the previous entry; for members of a group the entry before the group."""
    plan = plan_text("""
        steps:
          - {name: base, type: text_to_image, params: {prompt: x}}
          - type: parallel_group
            steps:
              - {name: one, type: image_to_video}
              - {name: two, type: image_to_image}
    """)
    assert names(plan, [*step(plan, "one").media, *step(plan, "two").media]) == ["base", "base"]


def test_a_disabled_entry_is_not_taken_for_the_one_before() -> None:
    """Switching a step off makes its predecessor the one that feeds."""
    plan = plan_text("""
        steps:
          - {name: base, type: text_to_image, params: {prompt: x}}
          - {name: off, type: image_to_image, enabled: false}
          - {name: clip, type: image_to_video}
    """)
    assert names(plan, step(plan, "clip").media) == ["base"]


def test_a_template_is_a_data_edge() -> None:
    """``{{step_x.output}}`` makes a step wait for x."""
    plan = plan_text("""
        steps:
          - {name: base, type: text_to_image, params: {prompt: x}}
          - {name: words, type: analyze_image}
          - {name: next, type: text_to_image, params: {prompt: "like {{step_words.output}}"}}
    """)
    assert names(plan, step(plan, "next").data) == ["words"]
    assert step(plan, "next").templated


def test_a_sole_template_feeds_a_media_port() -> None:
    """``image: "{{step_x.output}}"`` means the same as ``input_from: x``."""
    plan = plan_text("""
        steps:
          - {name: base, type: text_to_image, params: {prompt: x}}
          - {name: clip, type: image_to_video, params: {image: "{{step_base.output}}"}}
    """)
    assert names(plan, step(plan, "clip").media) == ["base"]
    assert "image" not in step(plan, "clip").params


def test_a_step_that_needs_text_takes_the_text_before_it() -> None:
    """Else the run's input, which then is needed."""
    plan = plan_text("""
        steps:
          - {name: base, type: text_to_image, params: {prompt: x}}
          - {name: words, type: analyze_image}
          - {name: voice, type: text_to_speech}
    """)
    assert step(plan, "voice").text_from == step(plan, "words").index
    lonely = "steps: [{type: text_to_speech}]"
    assert plan_text(lonely).steps[0].text_from is None
    assert "needs the run's input" in problems_of(lonely, need_input=True)[0].what


def test_needs_adds_order_only() -> None:
    """The needed step is settled first, and feeds nothing."""
    plan = plan_text("""
        settings: {schedule: dataflow}
        steps:
          - {name: a, type: text_to_image, params: {prompt: x}}
          - {name: b, type: text_to_image, params: {prompt: x}, needs: [a]}
    """)
    assert plan.graph.order[0] == (1,)
    assert (step(plan, "b").data, plan.graph.data[0]) == ((), ())


def test_a_file_of_the_workspace_feeds_a_media_port(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """``params.image`` may name a file; it needs no entry before it."""
    (tmp_path / "logo.png").write_bytes(b"x")
    plan = plan_text("steps: [{type: image_to_video, params: {image: logo.png}}]", workspace=tmp_path)
    assert plan.steps[0].media[0].path == tmp_path / "logo.png"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("../secret.png", "outside of the workspace"),
        ("/proc/self/environ", "outside of the workspace"),
        ("missing.png", "No such file"),
        (".", "not a regular file"),
        ("http://example.com/a.png", "only https"),
        ("https://me:pw@example.com/a.png", "only https"),
        ("https://[1]/a.png", "is no URL"),
        ("out/{{input}}.png", "a template inside a file name"),
    ],
)
def test_a_file_from_elsewhere_is_refused(tmp_path, value: str, what: str) -> None:  # type: ignore[no-untyped-def]
    """S13: media of a pipeline file stay inside the workspace, and are regular files."""
    text = f'steps: [{{type: image_to_video, params: {{image: "{value}"}}}}]'
    assert what in problems_of(text, workspace=tmp_path)[0].what


IMAGE = "- {name: pic, type: text_to_image, params: {prompt: x}}"
CASES = {
    "unknown name": (
        "- {name: v, type: image_to_video, input_from: pik}",
        "there is no step or group named 'pik'",
    ),
    "itself": ("- {name: v, type: image_to_video, input_from: v}", "'v' would wait for itself"),
    "forward": (
        "- {name: v, type: image_to_video, input_from: late}\n- {name: late, type: text_to_image}",
        "'late' comes later in the file",
    ),
    "wrong kind": (
        (
            "- {name: t, type: analyze_image}\n"
            "- {name: v, type: image_to_video, input_from: t, params: {image: 7}}"
        ),
        "expected the path or URL",
    ),
    "text for an image": (
        "- {name: t, type: analyze_image}\n- {name: v, type: split_image, input_from: t}",
        "'t' makes a text, but split_image takes an image",
    ),
    "previous makes the wrong kind": (
        "- {name: t, type: analyze_image}\n- {name: v, type: split_image}",
        "the entry before it, 't', makes a text",
    ),
    "media where none is taken": (
        "- {name: p2, type: text_to_image, input_from: pic, params: {prompt: y}}",
        "'pic' makes an image, but text_to_image takes a text",
    ),
    "several for one": (
        (
            "- {name: p2, type: text_to_image, params: {prompt: y}}\n"
            "- {name: v, type: image_to_video, input_from: [pic, p2]}"
        ),
        "gets several images, but image_to_video takes one",
    ),
    "two texts": (
        (
            "- {name: t, type: analyze_image}\n"
            "- {name: s, type: text_to_speech, input_from: t, params: {text: hello}}"
        ),
        "takes its text from 't', but has a text of its own",
    ),
    "unknown in a template": (
        '- {name: p2, type: text_to_image, params: {prompt: "{{step_pick.output}}"}}',
        "there is no step or group named 'pick'",
    ),
    "a picture in a prompt": (
        '- {name: p2, type: text_to_image, params: {prompt: "{{step_pic.output}}"}}',
        "'pic' makes an image, but a prompt is a text",
    ),
    "unknown model": (
        "- {type: text_to_image, model: flux_def, params: {prompt: x}}",
        "there is no model 'flux_def'",
    ),
    "model of another type": (
        "- {type: image_to_video, model: flux_dev}",
        "there is no model 'flux_dev' for image_to_video",
    ),
    "wrong provider": (
        "- {type: text_to_image, provider: gemini, params: {prompt: x}}",
        "model 'flux_dev' runs at fal, not at 'gemini'",
    ),
    "closed variable": (
        '- {type: text_to_image, params: {prompt: "{{env.HOME}}"}}',
        "the environment variable HOME is not open",
    ),
    "unknown need": ("- {type: text_to_image, needs: nobody, params: {prompt: x}}", "named 'nobody'"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_error_is_told_at_its_place(case: str) -> None:
    """A wrong reference, kind, model or provider stands on the line that says it."""
    entry, what = CASES[case]
    lines = ["steps:", f"  {IMAGE}", *(f"  {line}" for line in entry.split("\n"))]
    found = problems_of("\n".join(lines), env={})
    assert what in found[0].what
    assert found[0].position is not None
    assert found[0].position.line >= 3
    assert found[0].mend


MENDS = [
    ("{type: image_to_video, input_from: pic, params: {prompt: '{{step_pic.output}}'}}", "use input_from"),
    ("{type: text_to_image, params: {prompt: '{{step_pic.output}}'}}", "let an analyze_image step describe"),
    ("{type: text_to_image, params: {prompt: '{{step_film.output}}'}}", "take it out: text_to_image takes"),
    ("{name: picc, type: image_to_video, input_from: piccc}", "did you mean 'pic'?"),
    ("{type: text_to_image, params: {prompt: '{{env.FAL_KEY}}'}}", "take it out: its name holds 'KEY'"),
    ("{type: text_to_image, params: {prompt: '{{env.CITY}}'}}", "run with --allow-env CITY"),
]


@pytest.mark.parametrize(("entry", "mend"), MENDS)
def test_the_mend_can_be_carried_out(entry: str, mend: str) -> None:
    """Rule 12: nobody is sent to write what would be the next error."""
    film = "- {name: film, type: text_to_video, params: {prompt: x}}"
    (problem,) = problems_of(f"steps:\n  {IMAGE}\n  {film}\n  - {entry}", env={})
    assert problem.mend.startswith(mend)


@pytest.mark.parametrize("name", ["nobody", "v", "late"])
def test_a_wrong_input_from_is_one_problem(name: str) -> None:
    """A step that names its input is not told to name one, nor judged by the entry before it."""
    late = "- {name: late, type: text_to_image, params: {prompt: x}}"
    (problem,) = problems_of(f"steps:\n  - {{name: v, type: image_to_video, input_from: {name}}}\n  {late}")
    assert problem.where.endswith("input_from")


@pytest.mark.parametrize(
    ("prompt", "good"), [("{{ input }}", False), ("{{input}} {{input}}", False), ("a {{input}}", True)]
)
def test_an_empty_input_will_do_for_a_text_that_says_more(prompt: str, *, good: bool) -> None:
    """A text that comes out empty is an error of the run before it starts; one that does not is none."""
    text = f'steps: [{{type: text_to_image, params: {{prompt: "{prompt}"}}}}]'
    problems = [] if good else problems_of(text, need_input=True, input_text="")
    assert good == bool(not problems and plan_text(text, need_input=True, input_text=""))


def test_a_reference_is_placed_inside_its_text() -> None:
    """The caret stands under the template, not at the begin of a long prompt."""
    (problem,) = problems_of(
        'steps:\n  - {type: text_to_image, params: {prompt: "a cat like {{step_ghost.output}}"}}'
    )
    assert problem.position is not None
    assert problem.line_text[problem.position.column - 1 :].startswith("{{step_ghost")


def test_the_first_step_cannot_take_what_is_not_there() -> None:
    """A step that needs media at the very top says what to add."""
    (problem,) = problems_of("steps: [{type: image_to_video}]")
    assert problem.what == "image_to_video needs an image, and no entry comes before it"
    assert problem.mend == "add input_from with a step's name, or params.image with a file"


def test_a_group_has_no_output_for_a_template() -> None:
    """The message names its members."""
    found = problems_of("""
        steps:
          - type: parallel_group
            name: g
            steps: [{name: a, type: text_to_image, params: {prompt: x}}]
          - {type: text_to_image, params: {prompt: "{{step_g.output}}"}}
    """)
    assert (found[0].what, found[0].mend) == (
        "'g' is a group, which has no output of its own",
        "name one of its members: a",
    )


def test_a_cycle_is_printed_as_a_path() -> None:
    """The path follows what feeds what, and ends where it began."""
    found = problems_of("""
        settings: {schedule: dataflow}
        steps:
          - {name: a, type: image_to_image, input_from: c}
          - {name: b, type: image_to_image, input_from: a}
          - {name: c, type: image_to_image, input_from: b}
    """)
    assert [p.what for p in found] == ["these wait for each other: a -> b -> c -> a"]


def test_every_cycle_is_told() -> None:
    """Rule 12: two circles that have nothing to do with each other are two problems."""
    found = problems_of("""
        settings: {schedule: dataflow}
        steps:
          - {name: a, type: image_to_image, input_from: b}
          - {name: b, type: image_to_image, input_from: a}
          - {name: c, type: image_to_image, input_from: d}
          - {name: d, type: image_to_image, input_from: c}
    """)
    assert [p.what[-11:] for p in found] == ["a -> b -> a", "c -> d -> c"]


def test_a_member_cannot_wait_for_its_own_group() -> None:
    """The group is on the path of the cycle."""
    found = problems_of("""
        steps:
          - type: parallel_group
            name: g
            steps:
              - {name: a, type: text_to_image, params: {prompt: x}}
              - {name: b, type: image_to_video, input_from: g}
    """)
    assert any("wait for each other" in p.what and "g" in p.what for p in found)


def test_all_problems_come_at_once_in_file_order() -> None:
    """Models, edges and templates of one file are told together."""
    found = problems_of("""
        steps:
          - {type: text_to_image, model: nope, params: {prompt: x}}
          - {type: image_to_video, input_from: nobody}
          - {type: text_to_image, params: {prompt: "{{step_ghost.output}}"}}
    """)
    assert [p.position.line for p in found if p.position] == [3, 4, 5]


def test_a_prompt_is_generated_from_the_picture_before_it() -> None:
    """The step takes the image before it, and gives its text to the next step that needs one."""
    plan = plan_text("""
        steps:
          - {name: pic, type: text_to_image, params: {prompt: x}}
          - {name: words, type: prompt_generation}
          - {name: film, type: text_to_video}
    """)
    assert names(plan, step(plan, "words").media) == ["pic"]
    assert step(plan, "film").text_from == 1


def test_a_model_that_can_do_without_a_picture_takes_none_by_itself() -> None:
    """A chat does not need the image before it, and takes it only where it is named."""
    text = """
        steps:
          - {name: pic, type: text_to_image, params: {prompt: x}}
          - {name: talk, type: generate_prompt, model: openrouter_chat, params: {prompt: x}}
          - {name: look, type: generate_prompt, model: openrouter_chat, input_from: pic, params: {prompt: x}}
    """
    plan = plan_text(text)
    assert (step(plan, "talk").media, names(plan, step(plan, "look").media)) == ((), ["pic"])


def test_a_model_that_needs_a_picture_says_so() -> None:
    """The default model of the type writes about an image."""
    (problem,) = problems_of("steps: [{type: generate_prompt, params: {prompt: x}}]")
    assert "generate_prompt needs an image, and no entry comes before it" in str(problem)
