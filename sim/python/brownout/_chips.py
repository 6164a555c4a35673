# SPDX-License-Identifier: Apache-2.0
"""Chips: which cells fail, and what a memory of such cells returns."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Optional, Tuple, Union

import numpy as np

from brownout import _arguments, _core
from brownout._errors import InputError
from brownout._technology import Technology

PathText = Union[str, "os.PathLike[str]"]
Array = np.ndarray[Any, Any]

MOST_WIDTH = 65536  # bits of a word, which Python reads as an integer

#: One faulty cell, an element of what ``Chip.faults`` returns.
FAULT_DTYPE = np.dtype(
    [("word", np.uint32), ("column", np.uint32), ("p01", np.float32), ("p10", np.float32)]
)


class ReadCounts(NamedTuple):
    """What faulty cells did to what was read."""

    reads: int
    """Codes or words that were read."""
    cells_hit: int
    """Faulty cells among those that were read."""
    bits_wrong: int
    """Bits that really read wrong."""
    codes_wrong: int
    """Codes or words with at least one wrong bit."""


class Chip:
    """A die: the cells of its memories that read wrong, at every voltage.

    The same text gives the same cells on every machine, whatever is read and in which order. A
    cell that fails at a voltage fails at every lower one too.

    >>> chip = Chip("random:7")
    >>> len(chip.faults(rate=0.01, words=1000))
    616

    Args:
        text: ``"random:SEED"``, ``"random:SEED,p_err=P"``, ``"random:SEED,p01=P,p10=P"``,
            ``"physical:SEED"``, ``"physical:SEED,FILE.yaml"``, or a measured profile
            ``"FILE.h5"`` (docs/chips.md).
        offset: Of a profile: the cell of its map that is the first one of a memory.
        wrap: Of a profile: whether a map that is smaller than the memory repeats. If not, such a
            memory is an error.

    Raises:
        InputError: The text names no chip, or the file cannot be read.
    """

    def __init__(
        self, text: PathText, *, offset: Optional[int] = None, wrap: bool = True
    ) -> None:
        plain = _arguments.text("chip", text)
        if offset is not None:
            whole = _arguments.integer("offset", offset, 0, _arguments.MOST_CELLS)
            self._expect_profile(plain, "offset")
            plain += f",offset={whole}"
        if not _arguments.truth("wrap", wrap):
            self._expect_profile(plain, "wrap")
            plain += ",no-wrap"
        self._text = plain
        self._core = _core.Chip(plain)

    @staticmethod
    def _expect_profile(text: str, argument: str) -> None:
        if text.startswith(("random:", "physical:")):
            raise InputError(
                f"{argument}: belongs to a profile FILE.h5, got chip {_arguments.shown(text)}"
            )

    @property
    def name(self) -> str:
        """The chip's name in results."""
        return self._core.name

    @property
    def note(self) -> str:
        """What must be said of the chip beside its name, for example that it is synthetic."""
        return self._core.note

    @property
    def by_voltage(self) -> bool:
        """Whether a voltage says what fails; else a bit error rate does."""
        return self._core.by_voltage

    @property
    def voltages(self) -> Tuple[float, ...]:
        """The profiled voltages, ascending, in units of Vmin.

        At a voltage between two of them the cells of the lower one fail. The tuple is empty for
        chips that have other cells at every voltage.
        """
        return tuple(self._core.steps)

    def faults(
        self,
        *,
        words: int,
        voltage: Optional[float] = None,
        rate: Optional[float] = None,
        technology: Union[Technology, PathText, None] = None,
        memory: str = "weights",
    ) -> Array:
        """The faulty cells of the first words of a memory.

        Args:
            words: Words of 64 cells.
            voltage: Of the supply, in units of Vmin.
            rate: The bit error rate in place of a voltage, a fraction; random chips only.
            technology: Relates voltage and rate of random chips; ``14nm-finfet`` if not given.
            memory: ``weights``, ``activations``, ``accumulators`` or ``input``. Memories of one
                die have cells of their own.

        Returns:
            A structured array with one element a cell, sorted by ``word`` and ``column``
            (0 is the lowest bit). ``p01`` is the probability that the cell reads 1 where 0 is
            stored, ``p10`` that it reads 0 where 1 is stored. Both are 1 for a cell that flips.

        Raises:
            InputError: A wrong argument, or a voltage at which the chip or the technology has no
                data.
        """
        count = _arguments.integer("words", words, 0, _arguments.MOST_WORDS)
        point = self._point(voltage, rate, technology)
        kind = _arguments.choice("memory", memory, _arguments.MEMORIES)
        return self._core.faults(point, count, kind)

    def corrupt(
        self,
        codes: Array,
        bits: int = 8,
        *,
        voltage: Optional[float] = None,
        rate: Optional[float] = None,
        offset: int = 0,
        out: Optional[Array] = None,
        return_counts: bool = False,
        technology: Union[Technology, PathText, None] = None,
        memory: str = "weights",
        evaluation_seed: int = 0,
        reads: str = "frozen",
        batch: int = 0,
    ) -> Any:
        """Codes as a memory on this chip returns them.

        Code i, in C order, is stored in the cells ``offset + i·bits`` to
        ``offset + (i + 1)·bits - 1``, lowest bit first, as Brownout stores weights. The low
        ``bits`` bits of an element are its code. After reading, the other bits are 0 (unsigned
        types) or copies of the highest bit of the code (signed types).

        >>> codes = np.arange(6, dtype=np.uint8)
        >>> Chip("random:7").corrupt(codes, rate=0.1)
        array([128,  33,   2,   3, 132,  29], dtype=uint8)

        Args:
            codes: C-contiguous integers of any shape, not changed.
            bits: Of a code, from 1 to those of the type.
            voltage: Of the supply, in units of Vmin.
            rate: The bit error rate in place of a voltage, a fraction; random chips only.
            offset: The cell of the memory that holds bit 0 of the first code.
            out: Where the codes go: an array of the same type and shape, which may be ``codes``
                itself. Then nothing is copied.
            return_counts: Whether to return counts as well.
            technology: Relates voltage and rate of random chips; ``14nm-finfet`` if not given.
            memory: ``weights``, ``activations``, ``accumulators`` or ``input``.
            evaluation_seed: Of the draws of cells that read wrong with a probability.
            reads: When these draw: ``frozen``, once for all, or ``fresh``, once for every
                ``batch``.
            batch: The number of the read, for fresh draws.

        Returns:
            The array, or with ``return_counts`` the array and its ``ReadCounts``.

        Raises:
            InputError: A wrong argument, an element with bits outside its code, or a voltage at
                which the chip or the technology has no data.
        """
        source = _arguments.codes_array("codes", codes)
        width = _arguments.integer("bits", bits, 1, 8 * source.dtype.itemsize)
        point = self._point(voltage, rate, technology)
        placement = _placement(offset, memory, evaluation_seed, reads, batch)
        if out is None:
            result = source.copy()
        else:
            result = _arguments.codes_array("out", out, writeable=True)
            if result.dtype != source.dtype or result.shape != source.shape:
                raise InputError(
                    f"out: expected {source.dtype} of shape {source.shape}, got {result.dtype} of "
                    f"shape {result.shape}"
                )
        # After an error `out` is as before.
        read = source.copy() if out is not None and result is not source else result
        counts = ReadCounts(*self._core.corrupt(read, width, point, placement))
        if read is not result:
            np.copyto(result, read)
        return (result, counts) if return_counts else result

    def _point(self, voltage: Any, rate: Any, technology: Any) -> Tuple[float, float]:
        """Voltage and bit error rate, as ``brownout eval`` takes them."""
        volts, share = _arguments.one_of_voltage_and_rate(voltage, rate)
        if self.by_voltage:
            if volts is None:
                name = _arguments.printable(self.name)
                raise InputError(f"rate: chip {name} fails by voltage; expected voltage")
            if technology is not None:
                _technology(technology).bit_error_rate(volts)  # the voltage must be in its range
            return volts, 0.0
        if share is not None:
            return 1.0, share
        assert volts is not None
        return volts, _technology(technology)._core.bit_error_rate(volts)

    def __repr__(self) -> str:
        return f"Chip({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Chip) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> Tuple[Any, ...]:
        return (Chip, (self._text,))


class FaultyMemory:
    """A memory of ``depth`` words of ``width`` bits on a chip.

    The content stays with the caller; this object knows the cells. Word a lies in the cells
    ``offset + a·width`` to ``offset + (a + 1)·width - 1``, lowest bit first: they are those of
    code a of ``Chip.corrupt`` with ``bits=width``.

    >>> memory = FaultyMemory(Chip("random:7"), depth=1024, width=39, rate=0.01)
    >>> [address for address in range(4) if memory.has_faults(address)]
    [2]

    Args:
        chip: A chip, or its text.
        depth: Words, at least 1.
        width: Bits of a word, at least 1.
        voltage, rate, technology, offset, memory, evaluation_seed, reads: As in
            ``Chip.corrupt``. With fresh reads every read of the memory draws anew.

    Raises:
        InputError: A wrong argument, or a voltage at which the chip or the technology has no data.
    """

    def __init__(
        self,
        chip: Union[Chip, PathText],
        depth: int,
        width: int,
        *,
        voltage: Optional[float] = None,
        rate: Optional[float] = None,
        technology: Union[Technology, PathText, None] = None,
        offset: int = 0,
        memory: str = "weights",
        evaluation_seed: int = 0,
        reads: str = "frozen",
    ) -> None:
        self._chip = as_chip(chip)
        self._technology = technology
        self._core = _core.FaultyMemory(
            self._chip._core,
            _arguments.integer("depth", depth, 1, 2**62),
            _arguments.integer("width", width, 1, MOST_WIDTH),
            self._chip._point(voltage, rate, technology),
            _placement(offset, memory, evaluation_seed, reads, 0),
        )

    @property
    def depth(self) -> int:
        """Words of the memory."""
        return self._core.depth

    @property
    def width(self) -> int:
        """Bits of a word."""
        return self._core.width

    @property
    def counts(self) -> ReadCounts:
        """What was read so far."""
        return ReadCounts(*self._core.counts)

    def set_voltage(self, voltage: float) -> None:
        """From now on the supply has another voltage, in units of Vmin. Counts stay."""
        self._core.set_operating_point(self._chip._point(voltage, None, self._technology))

    def set_rate(self, rate: float) -> None:
        """From now on the cells of a random chip have another bit error rate. Counts stay."""
        self._core.set_operating_point(self._chip._point(None, rate, self._technology))

    def has_faults(self, address: Optional[int] = None) -> bool:
        """Whether any cell of the memory, or of one word, may read wrong now."""
        if address is None:
            return self._core.has_faults()
        return self._core.has_faults_at(self._address(address))

    def read(self, address: Any, data: Any) -> Any:
        """What the cells return for words that were written.

        Args:
            address: The address of a word, or an array of n addresses.
            data: What is stored there: an integer below 2**width, or an array of n integers
                (uint32 or uint64) for words of at most that many bits. Wider words are an array of
                n rows with the lowest 64 bits first.

        Returns:
            An integer for an integer, and a new array for an array.

        Raises:
            InputError: An address outside the memory, or data that are wider than a word.
        """
        if isinstance(address, np.ndarray):
            return self._read_array(address, data)
        return self._core.read(
            self._address(address), _arguments.integer("data", data, 0, 2**self.width - 1)
        )

    def _read_array(self, addresses: Array, data: Any) -> Array:
        places = _arguments.codes_array("address", addresses)
        stored = _arguments.codes_array("data", data)
        if places.ndim != 1:
            raise InputError(f"address: expected one dimension, got shape {places.shape}")
        if stored.dtype not in (np.uint32, np.uint64):
            raise InputError(f"data: expected uint32 or uint64, got {stored.dtype}")
        element = 8 * stored.dtype.itemsize
        columns = -(-self.width // element)
        expected = places.shape if columns == 1 else (places.shape[0], columns)
        if stored.shape != expected and stored.shape != (places.shape[0], columns):
            raise InputError(
                f"data: expected shape {expected} for {places.shape[0]} words of {self.width} "
                f"bits in {stored.dtype}, got {stored.shape}"
            )
        if places.dtype.kind == "u" and places.size and int(places.max()) >= self.depth:
            raise InputError(
                f"address: expected integers in [0, {self.depth - 1}], got {int(places.max())}"
            )
        result = stored.copy()
        self._core.read_array(np.ascontiguousarray(places, dtype=np.int64), result)
        return result

    def _address(self, address: Any) -> int:
        return _arguments.integer("address", address, 0, self.depth - 1)

    def __repr__(self) -> str:
        return f"<FaultyMemory of {self.depth} words of {self.width} bits on {self._chip.name}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        raise TypeError("cannot pickle a FaultyMemory, which counts its reads; make one anew")


def as_chip(chip: Any) -> Chip:
    """The chip, or the one that a text names."""
    return chip if isinstance(chip, Chip) else Chip(chip)


def _technology(technology: Any) -> Technology:
    if isinstance(technology, Technology):
        return technology
    return _default_technology() if technology is None else Technology(technology)


_default: list[Technology] = []


def _default_technology() -> Technology:
    if not _default:
        _default.append(Technology())
    return _default[0]


def _placement(
    offset: Any, memory: Any, evaluation_seed: Any, reads: Any, batch: Any
) -> Tuple[int, str, int, bool, int]:
    return (
        _arguments.integer("offset", offset, 0, _arguments.MOST_CELLS),
        _arguments.choice("memory", memory, _arguments.MEMORIES),
        _arguments.integer("evaluation_seed", evaluation_seed, 0, 2**64 - 1),
        _arguments.choice("reads", reads, _arguments.READS) == "fresh",
        _arguments.integer("batch", batch, 0, 2**62),
    )


for _class in (Chip, FaultyMemory, ReadCounts):
    _class.__module__ = "brownout"
