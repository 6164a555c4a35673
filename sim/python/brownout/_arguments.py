# SPDX-License-Identifier: Apache-2.0
"""Checks of arguments: each returns the plain value, or raises an InputError that names it."""

from __future__ import annotations

import math
import numbers
import operator
import os
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from brownout._errors import InputError

# As the command has them.
MOST_IMAGES = 100_000_000
MOST_OFFSET = 2**28  # of a network
MOST_SEED = 2**62
MOST_CELLS = 2**64 - 1
MOST_WORDS = 2**32 - 1
MOST_THREADS = 256
MEMORIES = ("weights", "activations", "accumulators", "input")
READS = ("frozen", "fresh")


def shown(value: object, most: int = 60) -> str:
    """The value for a message, on one line and not too long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def printable(text: str) -> str:
    """The text with bytes that are not UTF-8 shown, as in "caf\\xe9.onnx": no file could hold them."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def integer(name: str, value: Any, low: int, high: int) -> int:
    """A whole number in [low, high]. Integers of NumPy are fine, truth values are not."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        whole = operator.index(value)
    except TypeError:
        raise InputError(
            f"{name}: expected an integer in [{low}, {high}], got {shown(value)}"
        ) from None
    if not low <= whole <= high:
        raise InputError(f"{name}: expected an integer in [{low}, {high}], got {shown(whole)}")
    return whole


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number in [low, high]."""
    expected = "a finite number" if low == -math.inf else f"a number in [{low:g}, {high:g}]"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise InputError(f"{name}: expected {expected}, got {shown(value)}")
    try:
        plain = float(value)
    except OverflowError:
        plain = math.inf
    if not math.isfinite(plain) or not low <= plain <= high:
        raise InputError(f"{name}: expected {expected}, got {shown(value)}")
    return plain


def choice(name: str, value: Any, known: Sequence[str]) -> str:
    """One of the known names."""
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name}: expected one of {', '.join(known)}, got {shown(value)}")
    return value


def truth(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name}: expected True or False, got {shown(value)}")
    return bool(value)


def text(name: str, value: Any, errors: str = "surrogateescape") -> str:
    """A text or a path, and not an empty one.

    A name of a file may have any bytes: those that are not UTF-8 are surrogates in the text, as
    ``os.fsdecode`` makes them. A text for which ``errors`` is ``strict`` has none.
    """
    try:
        plain = os.fspath(value)
    except TypeError:
        plain = None
    if not isinstance(plain, str):
        raise InputError(f"{name}: expected a text or a path, got {shown(value)}")
    if not plain:
        raise InputError(f'{name}: expected a value, got ""')
    if "\0" in plain:
        raise InputError(f"{name}: expected a text without zero characters, got {shown(value)}")
    try:
        plain.encode("utf-8", errors)
    except UnicodeEncodeError:
        raise InputError(
            f"{name}: expected a text that UTF-8 can hold, got {shown(value)}"
        ) from None
    return plain


def optional_text(name: str, value: Any) -> str:
    """A text or a path; "" for None."""
    return "" if value is None else text(name, value)


def word(name: str, value: Any) -> str:
    """A text that is no name of a file."""
    return text(name, value, "strict")


def optional_word(name: str, value: Any) -> str:
    """A text that is no name of a file; "" for None."""
    return "" if value is None else word(name, value)


def several(name: str, value: Any) -> List[Any]:
    """The elements of a list or tuple."""
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{name}: expected a list, got {shown(value)}")
    return list(value)


def names(name: str, value: Any) -> List[str]:
    """A text, or a list of texts; None: none."""
    if value is None:
        return []
    return [word(name, item) for item in ([value] if isinstance(value, str) else several(name, value))]


def threads(value: Any) -> int:
    """The number of threads; None, and 0: all that the machine has."""
    return 0 if value is None else integer("threads", value, 0, MOST_THREADS)


def one_of_voltage_and_rate(
    voltage: Any, rate: Any, needed: bool = True
) -> Tuple[Optional[float], Optional[float]]:
    """The voltage or the rate, of which at most one may be given."""
    if voltage is not None and rate is not None:
        raise InputError("rate and voltage: expected one of them, got both")
    if needed and voltage is None and rate is None:
        raise InputError("voltage: expected a voltage or a rate, got neither")
    # Ten times Vmin is more than any supply. A chip or a technology names a smaller range.
    return (
        None if voltage is None else number("voltage", voltage, 0.0, 10.0),
        None if rate is None else number("rate", rate, 0.0, 1.0),
    )


def codes_array(name: str, value: Any, writeable: bool = False) -> np.ndarray[Any, Any]:
    """An array of whole numbers that C++ can read (and write) where it lies."""
    if not isinstance(value, np.ndarray):
        raise InputError(f"{name}: expected a NumPy array of integers, got {shown(type(value))}")
    if value.dtype.kind not in "iu":
        raise InputError(
            f"{name}: expected integers (int8 to int64, uint8 to uint64), got {value.dtype}"
        )
    if not value.dtype.isnative:
        raise InputError(f"{name}: expected this machine's byte order, got {value.dtype}")
    if not value.flags.c_contiguous:
        raise InputError(
            f"{name}: expected a C-contiguous array, got shape {value.shape} with strides "
            f"{value.strides}; numpy.ascontiguousarray makes one"
        )
    if not value.flags.aligned:
        raise InputError(f"{name}: expected an aligned array; numpy.require makes one")
    if writeable and not value.flags.writeable:
        raise InputError(f"{name}: expected an array that can be written, got a read-only one")
    return value
