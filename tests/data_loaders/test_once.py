"""What is worked out once of a value that lives."""

import gc
import weakref

import pytest

from data_loaders.once import once_per_value


class Value:
    """Anything that can be referred to weakly."""


def test_a_finding_is_worked_out_once_for_each_value_and_question():
    asked = []

    @once_per_value
    def found(value, question, *, how="so"):
        asked.append((value, question, how))
        return [question]

    one, other = Value(), Value()
    assert found(one, "a") is found(one, "a")
    assert found(one, "a") is not found(other, "a")
    assert found(one, "a") is not found(one, "b")
    assert found(one, "a", how="otherwise") is not found(one, "a")
    assert asked == [
        (one, "a", "so"), (other, "a", "so"), (one, "b", "so"), (one, "a", "otherwise"),
    ]  # fmt: skip


def test_a_finding_goes_with_its_value_and_a_refusal_is_not_kept():
    tries = []

    @once_per_value
    def found(_value):
        tries.append(len(tries))
        if len(tries) == 1:
            raise ValueError("not yet")
        return Value()

    value = Value()
    with pytest.raises(ValueError, match="not yet"):
        found(value)
    finding = weakref.ref(found(value))
    assert finding() is found(value)
    del value
    gc.collect()
    assert finding() is None
