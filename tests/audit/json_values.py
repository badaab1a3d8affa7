"""Hypothesis strategies for JSON values that have a canonical form."""

from hypothesis import strategies as st

from audit.canonical import MAX_NUMBER

numbers = st.integers(-MAX_NUMBER, MAX_NUMBER) | st.floats(-float(MAX_NUMBER), float(MAX_NUMBER))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
# An underscore before each key keeps clear of the names that an audit detail may not hold.
keys = texts.map(lambda text: f"_{text}")
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
