# SPDX-License-Identifier: Apache-2.0
"""The parameters of a PyTorch model as codes in a memory: what brownout.torch is made of."""

from __future__ import annotations

import contextlib
import math
import sys
import threading
import warnings
import weakref
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from brownout import _arguments, _core
from brownout._chips import Chip, ReadCounts
from brownout._errors import InputError
from brownout._networks import ROUNDINGS, SCHEMES, Network

try:
    import torch
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "brownout.torch needs PyTorch (Debian: python3-torch)", name="torch"
    ) from missing

Selection = Union[None, Sequence[str], Callable[[str, torch.nn.Parameter], bool]]
Array = np.ndarray[Any, Any]

RANGES = ("tensor", "channel", "network")


class Reading:
    """How a memory of codes is operated and read."""

    def __init__(
        self,
        chip: Optional[Chip],
        voltage: Any,
        rate: Any,
        technology: Any,
        offset: Any,
        evaluation_seed: Any,
        reads: Any,
    ) -> None:
        if chip is None:
            for name, value in (("voltage", voltage), ("rate", rate)):
                if value is not None:
                    raise InputError(f"{name}: belongs to a chip; expected none without one")
            self._point = (1.0, 0.0)
        else:
            self._point = chip._point(voltage, rate, technology)
        self._offset = _arguments.integer("offset", offset, 0, _arguments.MOST_CELLS)
        self._seed = _arguments.integer("evaluation_seed", evaluation_seed, 0, 2**64 - 1)
        self._fresh = _arguments.choice("reads", reads, _arguments.READS) == "fresh"

    def through(self, chip: Chip, coder: "Coder", codes: Array, batch: int) -> ReadCounts:
        """Reads the codes through the chip, in place."""
        total = ReadCounts(0, 0, 0, 0)
        for first, last, bits, cell in coder.runs():
            place = (self._offset + cell, "weights", self._seed, self._fresh, batch)
            counts = chip._core.corrupt(codes[first:last], bits, self._point, place)
            total = ReadCounts(*(a + b for a, b in zip(total, counts)))
        return total


class Coder:
    """The coded parameters of a model: to codes, to numbers, and back to what they were."""

    def __init__(
        self,
        model: torch.nn.Module,
        parameters: Selection,
        scheme: Any,
        bits: Any,
        rounding: Any,
        ranges: Any,
        like: Optional[Network],
    ) -> None:
        self.model = model
        self._parameters = selected(model, parameters)
        self._scheme = _arguments.choice("scheme", scheme, SCHEMES)
        self._bits = _arguments.integer("bits", bits, 1, 8)
        self._rounding = _arguments.choice("rounding", rounding, ROUNDINGS)
        self._ranges = _arguments.choice("ranges", ranges, RANGES)
        if self._ranges == "network" and self._scheme != "symmetric":
            raise InputError(
                f"ranges: one for the network goes with the scheme symmetric, got {scheme}"
            )
        _core.fit_range(self._scheme, self._bits, -1.0, 1.0)  # the scheme has such codes
        sizes = [parameter.numel() for _, parameter in self._parameters]
        self._first = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).tolist()
        #: Scheme, bits, alpha and beta of each tensor; of the last encode().
        self._codings: List[Tuple[str, int, Array, Array]] = []
        self._like = None if like is None else self._codings_of(like)

    @property
    def names(self) -> List[str]:
        return [name for name, _ in self._parameters]

    @property
    def tensors(self) -> List[torch.nn.Parameter]:
        return [parameter for _, parameter in self._parameters]

    @property
    def codes(self) -> int:
        return int(self._first[-1])

    @property
    def cells(self) -> int:
        return sum((last - first) * bits for first, last, bits, _ in self.runs())

    def runs(self) -> Iterator[Tuple[int, int, int, int]]:
        """Neighbouring codes of one width: first, last, bits, and the cell of the first one."""
        start = cell = 0
        for index, (_, bits, _, _) in enumerate(self._codings):
            if index + 1 < len(self._codings) and self._codings[index + 1][1] == bits:
                continue
            last = self._first[index + 1]
            yield start, last, bits, cell
            cell += (last - start) * bits
            start = last

    def encode(self) -> Array:
        """The codes of all tensors, one after the other."""
        values = [_values(name, parameter) for name, parameter in self._parameters]
        self._codings = self._like or self._fitted(values)
        codes = np.empty(self.codes, np.uint8)
        for index, (array, (scheme, bits, alpha, beta)) in enumerate(zip(values, self._codings)):
            span = codes[self._first[index] : self._first[index + 1]]
            _core.encode(array, scheme, bits, alpha, beta, self._rounding, span)
        return codes

    def write(self, codes: Array) -> None:
        """From now on the model has the numbers that these codes stand for."""
        for index, (_, parameter) in enumerate(self._parameters):
            scheme, bits, alpha, beta = self._codings[index]
            span = codes[self._first[index] : self._first[index + 1]]
            numbers = np.empty(span.shape, np.float32)
            _core.decode(span, scheme, bits, alpha, beta, numbers)
            # Not by torch.no_grad(), which an interruption can leave in force.
            parameter.detach().copy_(torch.from_numpy(numbers).view(parameter.shape))

    def _fitted(self, values: List[Array]) -> List[Tuple[str, int, Array, Array]]:
        scheme, bits = self._scheme, self._bits
        if self._ranges == "network":
            most = max(float(np.abs(array).max()) for array in values)
            alpha, beta = _core.fit_range(scheme, bits, -most, most)
            return [(scheme, bits, alpha, beta)] * len(values)
        codings = []
        for array, (_, parameter) in zip(values, self._parameters):
            channels = 1
            if self._ranges == "channel" and parameter.dim() >= 2:
                channels = int(parameter.shape[0])
            codings.append((scheme, bits, *_core.fit(array, scheme, bits, channels)))
        return codings

    def _codings_of(self, network: Any) -> List[Tuple[str, int, Array, Array]]:
        if not isinstance(network, Network):
            raise InputError(f"like: expected a Network, got {_arguments.shown(type(network))}")
        coded = [p for p in network.parameters().values() if p.n is not None]
        if len(coded) != len(self._parameters):
            raise InputError(
                f"like: the network has {len(coded)} coded tensors, the model "
                f"{len(self._parameters)}; expected as many"
            )
        codings: List[Tuple[str, int, Array, Array]] = []
        for theirs, (name, ours) in zip(coded, self._parameters):
            if math.prod(theirs.shape) != ours.numel():
                raise InputError(
                    f"like: tensor {theirs.name} has shape {theirs.shape}, {name} of the model "
                    f"has {tuple(ours.shape)}; expected the same"
                )
            assert theirs.scheme and theirs.bits
            assert theirs.alpha is not None and theirs.beta is not None
            codings.append((theirs.scheme, theirs.bits, theirs.alpha, theirs.beta))
        return codings


class Block(_core.Restored, contextlib.ContextDecorator):
    """A block after which the tensors of a coder are what they were before, whatever happens in it."""

    def __init__(self, coder: Coder, buffers: bool) -> None:
        self._coder = coder
        self._tensors = coder.tensors
        also = list(coder.model.buffers()) if buffers else []
        super().__init__([*self._tensors, *also])
        #: How often each tensor was changed before the block, and up to the last write().
        self._entered: List[Optional[int]] = []
        self._written: List[Optional[int]] = []

    def __enter__(self) -> Any:
        self.save()
        try:
            self._enter()
            return self
        except BaseException:
            self.restore()
            self._leave()
            raise

    def _enter(self) -> None:
        self._entered = self.versions()
        self._written = []
        outer = [block for block in _blocks_of_thread() if block is not self]
        _of_thread.blocks = [weakref.ref(block) for block in (*outer, self)]

    def write(self, codes: Array) -> None:
        """From now on the model has the numbers that these codes stand for."""
        self._coder.write(codes)
        self._written = self.versions()

    def _leave(self) -> None:
        for outer in _blocks_of_thread():
            outer._note_restored(self, self.versions())

    def _restored(self, left: Optional[List[Optional[int]]]) -> None:
        self._leave()
        if left is None:
            return
        for name, before, after in zip(self._coder.names, self._written, left):
            if before != after:
                warnings.warn(
                    f"{name}: was changed while the model was perturbed; the change is undone. "
                    "Call optimizer.step() after the block",
                    RuntimeWarning,
                    stacklevel=_level_of_user(),
                )
                break

    def _note_restored(self, inner: Block, now: List[Optional[int]]) -> None:
        """An inner block has given its tensors back as it found them."""
        theirs = {
            id(tensor): (old, new)
            for tensor, old, new in zip(inner._tensors, inner._entered, now)
        }
        for index, tensor in enumerate(self._tensors[: len(self._written)]):
            old, new = theirs.get(id(tensor), (None, None))
            if old is not None and self._written[index] == old:
                self._written[index] = new


def selected(model: Any, parameters: Selection) -> List[Tuple[str, torch.nn.Parameter]]:
    """The coded parameters in the order in which they lie in memory."""
    if not isinstance(model, torch.nn.Module):
        raise InputError(
            f"model: expected a torch.nn.Module, got {_arguments.shown(type(model))}"
        )
    named = dict(model.named_parameters())
    if parameters is None:
        slopes = {
            id(module.weight) for module in model.modules() if isinstance(module, torch.nn.PReLU)
        }
        names = [name for name, parameter in named.items() if id(parameter) not in slopes]
    elif callable(parameters):
        names = [name for name, parameter in named.items() if parameters(name, parameter)]
    elif isinstance(parameters, str):
        names = [parameters]
    else:
        names = _arguments.names("parameters", parameters)
    for name in names:
        if name not in named:
            named[name] = _by_other_name(model, name)
    if len(set(names)) != len(names):
        raise InputError("parameters: expected each name once")
    first: Dict[int, str] = {}
    for name in names:
        same = first.setdefault(id(named[name]), name)
        if same != name:
            raise InputError(
                f"parameters: {_arguments.shown(same)} and {_arguments.shown(name)} are one "
                "parameter; expected it once"
            )
    if not names:
        raise InputError("parameters: expected at least one coded parameter, found none")
    for name in names:
        _check(name, named[name])
    return [(name, named[name]) for name in names]


def _by_other_name(model: torch.nn.Module, name: str) -> torch.nn.Parameter:
    """A parameter that several modules share has a name in each; named_parameters() has the first."""
    path, _, last = name.rpartition(".")
    module = dict(model.named_modules(remove_duplicate=False)).get(path)
    parameter = None if module is None else module._parameters.get(last)
    if parameter is None:
        raise InputError(f"parameters: the model has none called {_arguments.shown(name)}")
    return parameter


def _check(name: str, parameter: torch.nn.Parameter) -> None:
    if isinstance(parameter, torch.nn.parameter.UninitializedParameter) or parameter.is_meta:
        raise InputError(f"model: parameter {name} has no numbers yet")
    if parameter.dtype != torch.float32 or parameter.layout != torch.strided:
        raise InputError(
            f"model: parameter {name} is {parameter.dtype}; expected torch.float32 (the argument "
            "parameters says which ones are coded)"
        )
    if parameter.numel() == 0:
        raise InputError(f"model: parameter {name} is empty")


def _values(name: str, parameter: torch.nn.Parameter) -> Array:
    """The numbers of a parameter on the CPU; a copy only if they lie elsewhere."""
    array: Array = parameter.detach().cpu().contiguous().numpy()
    if not np.isfinite(array).all():
        raise InputError(f"model: parameter {name} has a number that is not finite")
    return array


_of_thread = threading.local()


def _blocks_of_thread() -> List[Block]:
    """The blocks that this thread is in, the outermost one first.

    An interruption can keep a block from leaving the list. So the list holds no block alive, and
    one that is not in force counts for nothing.
    """
    blocks = [reference() for reference in getattr(_of_thread, "blocks", ())]
    return [block for block in blocks if block is not None and block.in_force]


def _level_of_user() -> int:
    """The stacklevel, for a warning of the caller, of the code that a user wrote.

    A block may be left by functions of this package and of contextlib.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _module_of(frame) in ("brownout", "contextlib"):
        level, frame = level + 1, frame.f_back
    return level


def _module_of(frame: Any) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
