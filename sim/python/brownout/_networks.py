# SPDX-License-Identifier: Apache-2.0
"""Quantized networks, and the quantization of arrays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from brownout import _arguments, _core
from brownout._core import Network as _CoreNetwork
from brownout._errors import InputError

PathText = Union[str, "os.PathLike[str]"]
Array = np.ndarray[Any, Any]

SCHEMES: Tuple[str, ...] = tuple(_core.scheme_names())
ROUNDINGS: Tuple[str, ...] = tuple(_core.rounding_names())
RANGES = ("tensor", "channel")


@dataclass(frozen=True)
class Coded:
    """An array of numbers as codes, w = alpha·n + beta (docs/arithmetic.md).

    Made by ``quantize``.
    """

    codes: Array
    """uint8, the shape of the numbers: the codes v as a memory stores them. ``Chip.corrupt``
    takes them as they are, with ``bits``."""
    scheme: str
    """How a code v becomes the integer n."""
    bits: int
    """Of a code."""
    alpha: Array
    """float32, one, or one for each index of the first axis."""
    beta: Array
    """float32, likewise."""

    def decode(self, codes: Optional[Array] = None, out: Optional[Array] = None) -> Array:
        """The numbers that codes stand for.

        Args:
            codes: uint8 codes of the same shape, for example as a chip returned them; the clean
                ones if not given.
            out: A float32 array for the numbers.

        Returns:
            float32, the shape of the codes.
        """
        source = self.codes if codes is None else _arguments.codes_array("codes", codes)
        if source.dtype != np.uint8 or source.shape != self.codes.shape:
            raise InputError(
                f"codes: expected uint8 of shape {self.codes.shape}, got {source.dtype} of shape "
                f"{source.shape}"
            )
        result = np.empty(source.shape, np.float32) if out is None else _numbers("out", out, True)
        if result.shape != source.shape:
            raise InputError(f"out: expected shape {source.shape}, got {result.shape}")
        _core.decode(source, self.scheme, self.bits, self.alpha, self.beta, result)
        return result


def quantize(
    values: Array,
    scheme: str = "rquant",
    bits: int = 8,
    *,
    rounding: str = "nearest",
    ranges: str = "tensor",
    limits: Optional[Tuple[float, float]] = None,
) -> Coded:
    """Codes of an array of numbers, as Brownout's trainer makes them.

    >>> coded = quantize(np.array([-1.0, 0.0, 1.0], dtype=np.float32), bits=4)
    >>> coded.codes
    array([ 1,  8, 15], dtype=uint8)
    >>> coded.decode()
    array([-1.,  0.,  1.], dtype=float32)

    Args:
        values: C-contiguous float32 of any shape, finite.
        scheme: ``rquant``, ``uniform``, ``symmetric``, ``asymmetric-signed`` or ``binary``.
        bits: Of a code, from 1 to 8; ``rquant`` and the two's complement schemes take 2 or more,
            ``binary`` takes 1.
        rounding: ``nearest`` (to even) or ``truncate`` (toward zero).
        ranges: One range for the ``tensor``, or one for each ``channel`` of the first axis.
        limits: The range, lowest and highest number, in place of that of the values.

    Raises:
        InputError: A wrong argument, or a number that is not finite.
    """
    source = _numbers("values", values)
    _arguments.choice("scheme", scheme, SCHEMES)
    width = _arguments.integer("bits", bits, 1, 8)
    _arguments.choice("rounding", rounding, ROUNDINGS)
    per_channel = _arguments.choice("ranges", ranges, RANGES) == "channel"
    if per_channel and (source.ndim < 1 or limits is not None):
        raise InputError("ranges: channels need a first axis and ranges of their own")
    if limits is not None:
        if not isinstance(limits, (tuple, list, np.ndarray)) or len(limits) != 2:
            raise InputError(
                f"limits: expected two numbers, the lower one first, got {_arguments.shown(limits)}"
            )
        low, high = (_arguments.number("limits", limit) for limit in limits)
        if low > high:
            raise InputError(f"limits: expected the lower one first, got {low:g} and {high:g}")
        alpha, beta = _core.fit_range(scheme, width, low, high)
    else:
        channels = source.shape[0] if per_channel else 1
        alpha, beta = _core.fit(source, scheme, width, channels)
    codes = np.empty(source.shape, np.uint8)
    _core.encode(source, scheme, width, alpha, beta, rounding, codes)
    return Coded(codes, scheme, width, alpha, beta)


@dataclass(frozen=True)
class Parameter:
    """A tensor of a network. A coded one is stored in memory cells: w = alpha·n + beta."""

    name: str
    role: str
    """``weight``, ``bias``, ``scale`` or ``shift``."""
    scheme: Optional[str]
    """How codes are read; None for a tensor that is not coded."""
    bits: Optional[int]
    """Of a code; None for a tensor that is not coded."""
    alpha: Optional[Array]
    """float32, one, or one for each channel of the first axis."""
    beta: Optional[Array]
    """float32, likewise."""
    n: Optional[Array]
    """int8, the integers of the codes, in the shape of the tensor."""
    codes: Optional[Array]
    """uint8, the codes v as a memory stores them; None for a tensor that is not coded."""
    values: Array
    """float32, the numbers w. Weights have the shape OIHW or OI."""

    @property
    def shape(self) -> Tuple[int, ...]:
        """Of the tensor."""
        return tuple(self.values.shape)


class Network:
    """A quantized network. It does not change; other codes make another network.

    >>> network = Network.load("models/fmnist-simplenet16-randbet-8b.onnx")
    >>> network.bits, network.classes, network.coded_parameters
    (8, 10, 272618)
    """

    def __init__(self, *_: Any) -> None:
        raise TypeError("a Network is made by Network.load(FILE) or Network.from_onnx(FILE)")

    _core: _CoreNetwork
    _remarks: Tuple[str, ...]

    @classmethod
    def _of(cls, core: _CoreNetwork, remarks: Sequence[str] = ()) -> "Network":
        network = object.__new__(cls)
        network._core = core
        network._remarks = tuple(remarks)
        return network

    @classmethod
    def load(cls, file: PathText) -> "Network":
        """Reads a network file of Brownout (docs/network-file.md).

        Args:
            file: An ONNX file that the trainer or an import wrote, or the name of a shipped
                network such as ``fmnist-simplenet16-randbet-8b``.

        Raises:
            InputError: The file cannot be read, or is no network of Brownout.
        """
        return cls._of(_core.Network.load(_arguments.text("file", file)))

    @classmethod
    def from_onnx(
        cls,
        file: PathText,
        *,
        dataset: PathText = "fashion-mnist",
        data: Optional[PathText] = None,
        calibration_images: Optional[int] = None,
        test_images: Optional[int] = None,
        mean: Sequence[float] = (0.0,),
        deviation: Sequence[float] = (1.0,),
        input_shape: Optional[Tuple[int, int, int]] = None,
        fold_batch_norm: bool = True,
        calibration: str = "min-max",
        percentile: float = 99.99,
        scheme: str = "rquant",
        bits: int = 8,
        per_channel: bool = False,
        equalize: bool = False,
        bias_correction: bool = False,
        rounding: str = "nearest",
        w_max: Optional[float] = None,
        coded: Sequence[str] = ("weight",),
        threads: Optional[int] = None,
    ) -> "Network":
        """Imports an ONNX file of another tool and quantizes it, as ``brownout model import``.

        Args:
            file: The ONNX file (docs/import.md says which operators are understood).
            dataset: Whose images calibrate the ranges of activations: a name, or a file of one's
                own data.
            data: The folder of the data set; the usual place if not given.
            calibration_images, test_images: To calibrate on and to compare on; 512 and 1000, or
                all if there are fewer, if not given.
            mean, deviation: Of a pixel in [0, 1], as the network was trained: one, or one by
                channel.
            input_shape: Channels, height and width of an image, where the file leaves them open.
            fold_batch_norm: Whether batch norms become part of the weights before them.
            calibration: ``min-max``, ``percentile`` or ``least-error``.
            percentile: Of activations within the range, for ``percentile``.
            scheme, bits, rounding: Of the codes, as in ``quantize``.
            per_channel: Whether each output channel has a range of its own.
            equalize: Whether the ranges of consecutive layers are equalized first.
            bias_correction: Whether biases correct the mean error of the quantization.
            w_max: Weights beyond it are clipped first.
            coded: The roles that become codes: ``weight``, and maybe ``bias``, ``scale`` and
                ``shift``.
            threads: They change time only; all of the machine if not given.

        Raises:
            InputError: The file cannot be read, or has operators that are not understood.
        """
        integer, number, truth = _arguments.integer, _arguments.number, _arguments.truth
        options = {
            "dataset": _arguments.text("dataset", dataset),
            "data": _arguments.optional_text("data", data),
            "calibration_images": 0
            if calibration_images is None
            else integer("calibration_images", calibration_images, 1, 2**31 - 1),
            "test_images": 0
            if test_images is None
            else integer("test_images", test_images, 1, 2**31 - 1),
            "mean": [number("mean", value) for value in _arguments.several("mean", mean)],
            "deviation": [
                number("deviation", value) for value in _arguments.several("deviation", deviation)
            ],
            "input": [
                integer("input_shape", value, 1, 2**20)
                for value in _arguments.several("input_shape", input_shape or ())
            ],
            "fold_batch_norm": truth("fold_batch_norm", fold_batch_norm),
            "calibration": _arguments.word("calibration", calibration),
            "percentile": number("percentile", percentile, 0.0, 100.0),
            "scheme": _arguments.choice("scheme", scheme, SCHEMES),
            "bits": integer("bits", bits, 1, 8),
            "per_channel": truth("per_channel", per_channel),
            "equalize": truth("equalize", equalize),
            "bias_correction": truth("bias_correction", bias_correction),
            "rounding": _arguments.choice("rounding", rounding, ROUNDINGS),
            "w_max": None if w_max is None else number("w_max", w_max),
            "coded": [
                _arguments.word("coded", role) for role in _arguments.several("coded", coded)
            ],
        }
        name = _arguments.text("file", file)
        core, remarks = _core.Network.from_onnx(name, options, _arguments.threads(threads))
        return cls._of(core, remarks)

    @property
    def remarks(self) -> Tuple[str, ...]:
        """What the import had to say about the file; empty for a network that was loaded."""
        return self._remarks

    @property
    def file(self) -> str:
        """The file that it was read from; "" for a network that was made."""
        return self._core.file

    @property
    def name(self) -> str:
        """The stem of the file's name."""
        return self._core.name

    @property
    def sha256(self) -> str:
        """Of the file's bytes; "" for a network that was made."""
        return self._core.sha256

    @property
    def bits(self) -> Optional[int]:
        """Of all codes; None when they differ."""
        return self._core.bits or None

    @property
    def classes(self) -> int:
        """How many there are."""
        return self._core.classes

    @property
    def input_shape(self) -> Tuple[int, int, int]:
        """Height, width and channels of an image."""
        height, width, channels = self._core.input_shape
        return height, width, channels

    @property
    def mean(self) -> Array:
        """float32, by channel: the network sees (pixel/255 - mean)/deviation."""
        return np.array(self._core.mean, np.float32)

    @property
    def deviation(self) -> Array:
        """float32, by channel: the network sees (pixel/255 - mean)/deviation."""
        return np.array(self._core.deviation, np.float32)

    @property
    def coded_parameters(self) -> int:
        """How many numbers are stored as codes in memory cells."""
        return self._core.coded_parameters

    @property
    def coded_bits(self) -> int:
        """How many memory cells these codes take."""
        return self._core.coded_bits

    def parameters(self) -> Dict[str, Parameter]:
        """All tensors by name, in code order: the order in which they lie in memory."""
        return {fields[0]: Parameter(*fields) for fields in self._core.parameters()}

    def with_codes(self, n: Mapping[str, Array]) -> "Network":
        """The same network with other integers n in some of its tensors.

        Args:
            n: int8 arrays by name, each with the shape of its tensor.

        Raises:
            InputError: A name that is no coded tensor, another shape or type, or an n that the
                scheme does not have.
        """
        replaced: List[Array] = []
        if not isinstance(n, Mapping):
            raise InputError(
                f"n: expected a dictionary of tensors by name, got {_arguments.shown(type(n))}"
            )
        left = dict(n)
        for name, parameter in self.parameters().items():
            if name not in left:
                replaced.append(np.empty(0, np.int8))
                continue
            array = left.pop(name)
            if parameter.n is None:
                raise InputError(f"n: tensor {_arguments.shown(name)} is not coded")
            array = _arguments.codes_array(f"n of {name}", array)
            if array.dtype != np.int8 or array.shape != parameter.shape:
                raise InputError(
                    f"n of {name}: expected int8 of shape {parameter.shape}, got {array.dtype} of "
                    f"shape {array.shape}"
                )
            replaced.append(array)
        if left:
            raise InputError(f"n: the network has no tensor {_arguments.shown(next(iter(left)))}")
        return Network._of(self._core.with_codes(replaced))

    def save(self, file: PathText, *, overwrite: bool = False) -> None:
        """Writes the network as an ONNX file of Brownout, whole or not at all.

        Raises:
            InputError: There is such a file already and ``overwrite`` is False, or it cannot be
                written.
        """
        self._core.save(_arguments.text("file", file), _arguments.truth("overwrite", overwrite))

    def __repr__(self) -> str:
        bits = "codes of several widths" if self.bits is None else f"{self.bits} bit"
        name = _arguments.printable(self.name)
        return f"<Network {name}: {self.coded_parameters} weights, {bits}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        raise TypeError("cannot pickle a Network; save it to a file and load that")


def as_network(network: Any) -> Network:
    """The network, or the one of a file."""
    return network if isinstance(network, Network) else Network.load(network)


def _numbers(name: str, value: Any, writeable: bool = False) -> Array:
    if not isinstance(value, np.ndarray):
        raise InputError(f"{name}: expected a NumPy array, got {_arguments.shown(type(value))}")
    if value.dtype != np.float32 or not value.dtype.isnative:
        raise InputError(f"{name}: expected float32, got {value.dtype}")
    if not value.flags.c_contiguous or not value.flags.aligned:
        raise InputError(
            f"{name}: expected a C-contiguous array, got shape {value.shape} with strides "
            f"{value.strides}; numpy.ascontiguousarray makes one"
        )
    if writeable and not value.flags.writeable:
        raise InputError(f"{name}: expected an array that can be written, got a read-only one")
    return value


for _class in (Network, Parameter, Coded, quantize):
    _class.__module__ = "brownout"
