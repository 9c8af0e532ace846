"""What a page asks of a cohort at every run, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

_Value = TypeVar("_Value")
_Found = TypeVar("_Found")
_Other = ParamSpec("_Other")


def once_per_value(
    function: Callable[Concatenate[_Value, _Other], _Found],
) -> Callable[Concatenate[_Value, _Other], _Found]:
    """Keep what a function finds of a value that never changes, as long as the value lives.

    Parameters
    ----------
    function
        Its first argument is the value; by the others, which must be hashable, it may find
        different things of the same. What it returns is shared: nobody changes it.
    """
    kept: WeakKeyDictionary[_Value, dict[object, _Found]] = WeakKeyDictionary()

    @wraps(function)
    def found(value: _Value, /, *args: _Other.args, **kwargs: _Other.kwargs) -> _Found:
        of_value = kept.setdefault(value, {})
        key = (args, tuple(kwargs.items()))
        if key not in of_value:
            of_value[key] = function(value, *args, **kwargs)
        return of_value[key]

    return found
