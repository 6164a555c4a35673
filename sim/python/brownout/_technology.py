# SPDX-License-Identifier: Apache-2.0
"""What silicon does at a supply voltage."""

from __future__ import annotations

import os
from typing import Any, Callable, Tuple, Union

import numpy as np

from brownout import _arguments, _core

Numbers = Union[float, "np.ndarray[Any, Any]"]


class Technology:
    """The bit error rate and the energy of an SRAM at a supply voltage.

    Voltages are in units of Vmin, the lowest voltage at which no cell fails. Every method takes a
    number, or an array of numbers for which it returns an array of the same shape.

    >>> Technology("14nm-finfet").bit_error_rate(1.0)
    0.0

    Args:
        name_or_file: The name of a shipped technology, or a YAML file
            (docs/technology.md has its keys).

    Raises:
        InputError: Nothing of this name is shipped, or the file is no technology.
    """

    def __init__(self, name_or_file: Union[str, os.PathLike[str]] = "14nm-finfet") -> None:
        self._text = _arguments.text("technology", name_or_file)
        self._core = _core.Technology(self._text)

    @property
    def name(self) -> str:
        """The name that the file states."""
        return self._core.name

    @property
    def file(self) -> str:
        """The file that was read."""
        return self._core.file

    @property
    def voltages(self) -> Tuple[float, float]:
        """The lowest and the highest voltage for which the data hold, in units of Vmin."""
        return self._core.lowest_voltage, self._core.highest_voltage

    def bit_error_rate(self, voltage: Numbers) -> Numbers:
        """The share of the cells that read wrong at a voltage, a fraction.

        Raises:
            InputError: The voltage lies outside ``voltages``.
        """
        return self._each("voltage", voltage, self._core.bit_error_rate)

    def voltage_at_rate(self, rate: Numbers) -> Numbers:
        """The lowest voltage at which the bit error rate is not above ``rate``.

        Raises:
            InputError: The rate is above that of the lowest voltage.
        """
        return self._each("rate", rate, self._core.voltage_at_rate)

    def sram_energy(self, voltage: Numbers) -> Numbers:
        """The dynamic energy of an access, relative to one at Vmin.

        Raises:
            InputError: The voltage lies outside ``voltages``.
        """
        return self._each("voltage", voltage, self._core.sram_energy_relative)

    def sram_leakage(self, voltage: Numbers) -> Numbers:
        """The leakage power, relative to that at Vmin.

        Raises:
            InputError: The voltage lies outside ``voltages``, or the file states no energies.
        """
        return self._each("voltage", voltage, self._core.sram_leakage_relative)

    @staticmethod
    def _each(name: str, value: Any, function: Callable[[float], float]) -> Numbers:
        if not isinstance(value, (np.ndarray, list, tuple)):
            return function(_arguments.number(name, value))
        array = np.asarray(value)
        results = [function(_arguments.number(name, item)) for item in array.ravel().tolist()]
        return np.array(results, dtype=np.float64).reshape(array.shape)

    def __repr__(self) -> str:
        return f"Technology({self._text!r})"

    def __reduce__(self) -> Tuple[Any, ...]:
        return (Technology, (self._text,))


Technology.__module__ = "brownout"
