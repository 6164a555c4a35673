# SPDX-License-Identifier: Apache-2.0
"""Accelerators, and networks compiled for them."""

from __future__ import annotations

import os
from typing import Any, List, NamedTuple, Tuple, Union

from brownout import _arguments, _core
from brownout._networks import Network, as_network

PathText = Union[str, "os.PathLike[str]"]


class Layer(NamedTuple):
    """A layer of a compiled network."""

    name: str
    """Of the network's node."""
    macs: int
    """Multiplications and additions, of all images of a batch."""
    closed_form_cycles: int
    """Cycles without stalls, of all images of a batch."""


class Program:
    """A network compiled for an accelerator: made by ``Accelerator.compile``."""

    def __init__(self, core: "_core.Program") -> None:
        self._core = core

    @property
    def batch(self) -> int:
        """Images at a time."""
        return self._core.batch

    @property
    def weight_words(self) -> int:
        """Words of 64 bits that the codes take."""
        return self._core.weight_words

    @property
    def layers(self) -> List[Layer]:
        """The layers, in the order in which they run."""
        return [Layer(*fields) for fields in self._core.layers()]

    def to_pandas(self) -> Any:
        """One row a layer: a pandas.DataFrame. Needs pandas."""
        from brownout._results import _pandas  # noqa: PLC0415

        return _pandas().DataFrame(self.layers)

    def __repr__(self) -> str:
        cycles = sum(layer.closed_form_cycles for layer in self.layers)
        return f"<Program of {len(self.layers)} layers: {cycles} cycles without stalls>"

    def __reduce__(self) -> Tuple[Any, ...]:
        raise TypeError("cannot pickle a Program; compile the network anew")


class Accelerator:
    """The description of an accelerator: its array, memories, clock and supplies.

    >>> Accelerator("edge-16x16").rows
    16

    Args:
        name_or_file: The name of a shipped accelerator, or a YAML file (docs/accelerator.md has
            its keys).

    Raises:
        InputError: Nothing of this name is shipped, or the file describes no accelerator.
    """

    def __init__(self, name_or_file: PathText) -> None:
        self._text = _arguments.text("accelerator", name_or_file)
        self._core = _core.AcceleratorConfig(self._text)

    @property
    def name(self) -> str:
        """The name in results."""
        return self._core.name

    @property
    def file(self) -> str:
        """The file that was read."""
        return self._core.file

    @property
    def rows(self) -> int:
        """Of the array of processing elements."""
        return self._core.rows

    @property
    def columns(self) -> int:
        """Of the array of processing elements."""
        return self._core.columns

    @property
    def dataflow(self) -> str:
        """``weight-stationary`` or ``output-stationary``."""
        return self._core.dataflow

    @property
    def clock_mhz(self) -> float:
        """The frequency of the clock."""
        return self._core.clock_mhz

    def compile(
        self, network: Union[Network, PathText], *, batch: int = 1, bit_offset: int = 0
    ) -> Program:
        """The network's program on this accelerator, with closed-form cycles.

        Args:
            network: A network, or its file.
            batch: Images at a time.
            bit_offset: The cell of the weight memory that holds the network's first bit.

        Raises:
            InputError: The network does not fit.
        """
        return Program(
            _core.Program(
                as_network(network)._core,
                self._core,
                _arguments.integer("batch", batch, 1, 65536),
                _arguments.integer("bit_offset", bit_offset, 0, _arguments.MOST_OFFSET),
            )
        )

    def __repr__(self) -> str:
        return f"Accelerator({self._text!r})"

    def __reduce__(self) -> Tuple[Any, ...]:
        return (Accelerator, (self._text,))


for _class in (Accelerator, Program, Layer):
    _class.__module__ = "brownout"
