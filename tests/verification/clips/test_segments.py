import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.clips.segments import ClipError, Segment, check_within, parse_segments
from verification.liveness.actions import Action

tenths = st.integers(0, 10_000)


@given(
    parts=st.lists(st.tuples(st.sampled_from(Action), tenths, st.integers(1, 500)), min_size=1, max_size=6)
)
def test_what_is_written_is_read_back(parts: list[tuple[Action, int, int]]) -> None:
    segments = tuple(Segment(action, start / 10, (start + length) / 10) for action, start, length in parts)
    text = ", ".join(f"{s.action}@{s.start_s}-{s.end_s}" for s in segments)
    assert parse_segments(text) == segments


@given(text=st.text(max_size=60))
def test_any_other_text_is_an_error_of_one_line_or_empty(text: str) -> None:
    try:
        segments = parse_segments(text)
    except ClipError as error:
        assert "\n" not in str(error)
    else:
        assert all(segment.start_s < segment.end_s for segment in segments)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jump@1-2", "unknown action 'jump'"),
        ("nod", "'nod' is not like"),
        ("nod@1", "'nod@1' is not like"),
        ("nod@a-b", "'nod@a-b' is not like"),
        ("nod@-1-2", "'nod@-1-2' is not like"),
        ("nod@2-1", "'nod@2-1' ends before it starts"),
        ("nod@1-1", "'nod@1-1' ends before it starts"),
        ("smile@1-2,nod@9", "'nod@9' is not like"),
    ],
)
def test_the_part_that_is_wrong_is_named(text: str, told: str) -> None:
    with pytest.raises(ClipError, match=told):
        parse_segments(text)


def test_a_segment_beyond_the_end_of_the_clip_is_an_error() -> None:
    segments = parse_segments("nod@1-2,smile@8-12.5")
    check_within(segments, 12.5)
    with pytest.raises(ClipError, match=r"smile@8-12.5 lies outside the clip, which lasts 12.0 s"):
        check_within(segments, 12.0)
