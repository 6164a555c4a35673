# SPDX-License-Identifier: Apache-2.0
"""The weights of a PyTorch model, read through a chip.

    import brownout.torch

    with brownout.torch.perturbed(model, "random:7", voltage=0.84):
        accuracy = evaluate(model)      # with the weights as this chip returns them

Inside the block the model computes with its weights quantized, stored and read back through the
chip; after it the weights are what they were, bit for bit. Gradients of a backward pass inside the
block are those of the clean weights (straight-through), so that the same block is a training step.
``BitErrorTraining`` does the whole step of RandBET and PattBET.

This module needs PyTorch 1.13 or newer; nothing else of Brownout does.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, Callable, ContextManager, List, Optional, Tuple, Union

from brownout import _arguments, _core
from brownout._chips import Chip, ReadCounts, as_chip
from brownout._errors import InputError, RunError
from brownout._networks import Network
from brownout._technology import Technology
from brownout._torch_codes import Block, Coder, Reading, Selection, selected

import torch

__all__ = ["BitErrorTraining", "Perturbation", "clip_", "order_of_use", "perturbed"]

PathText = Union[str, "os.PathLike[str]"]
GATES = ("published-code", "paper", "none")
COMBINATIONS = ("average", "sum")

# Seeds of the chips of a training start here, and those of evaluations at 0: no chip that a network
# is judged on was seen in its training.
_FIRST_TRAINING_SEED = 1 << 63


@dataclass(frozen=True)
class Perturbation:
    """What ``perturbed`` did to a model."""

    parameters: Tuple[str, ...]
    """The names of the tensors, in the order in which they lie in memory."""
    codes: int
    """How many numbers are stored as codes."""
    cells: int
    """How many cells the codes take."""
    counts: Optional[ReadCounts]
    """What the chip did to the codes; None without a chip."""


def perturbed(
    model: torch.nn.Module,
    chip: Union[None, Chip, PathText] = None,
    *,
    voltage: Optional[float] = None,
    rate: Optional[float] = None,
    scheme: str = "rquant",
    bits: int = 8,
    rounding: str = "nearest",
    ranges: str = "tensor",
    like: Optional[Network] = None,
    parameters: Selection = None,
    offset: int = 0,
    technology: Union[Technology, PathText, None] = None,
    evaluation_seed: int = 0,
    reads: str = "frozen",
    batch: int = 0,
    restore_buffers: Optional[bool] = None,
) -> ContextManager[Perturbation]:
    """A block in which a model computes with its weights quantized and read through a chip.

    The tensors are quantized one by one, and their codes lie in memory one after the other, as
    ``brownout eval`` places those of an exported network: by default all parameters in the order of
    ``model.named_parameters()``, which for most models is the order in which they are used
    (``order_of_use`` finds it for the others). Slopes of PReLU and buffers, such as running
    statistics, are never stored as codes.

    The block may be nested and left by an exception. A model on another device stays there; its
    weights pass through the CPU. Call ``backward()`` inside the block: autograd refuses it after
    the weights were restored. What an optimizer changes in a coded tensor inside is undone, with a
    warning; parameters that are not coded keep it.

    Args:
        model: Any model. The parameters that are coded must be float32 and finite.
        chip: A chip or its text. None: the weights are quantized, and read without errors.
        voltage: Of the supply, in units of Vmin.
        rate: The bit error rate in place of a voltage, a fraction; random chips only.
        scheme, bits, rounding: Of the codes, as in ``brownout.quantize``.
        ranges: One range for each ``tensor``; one for each output ``channel`` of those with two
            dimensions and more; or one for the ``network`` (``symmetric`` only).
        like: A network whose alpha, beta, scheme and bits are taken, tensor by tensor, in place of
            those that the weights give. Then ``scheme``, ``bits`` and ``ranges`` have no effect.
        parameters: The names of the coded parameters, in the order in which they lie in memory;
            or a function of name and parameter that says which ones are coded. One that several
            modules share goes by any of its names.
        offset: The cell of the memory that holds the first bit.
        technology, evaluation_seed, reads, batch: As in ``Chip.corrupt``.
        restore_buffers: Whether buffers are restored after the block as well, so that the running
            statistics of batch norms follow the clean passes alone. By default with a chip.

    Returns:
        The block. It begins with a ``Perturbation``: which tensors are coded, and how many bits are
        wrong. It can be used again, one block after the other.

    Raises:
        InputError: A wrong argument, a parameter that cannot be coded, or a voltage at which the
            chip or the technology has no data.
    """
    die = None if chip is None else as_chip(chip)
    reading = Reading(die, voltage, rate, technology, offset, evaluation_seed, reads)
    seed_batch = _arguments.integer("batch", batch, 0, 2**62)
    coder = Coder(model, parameters, scheme, bits, rounding, ranges, like)
    if restore_buffers is None:
        restore_buffers = die is not None
    buffers = _arguments.truth("restore_buffers", restore_buffers)
    return _Perturbed(coder, buffers, die, reading, seed_batch)


class _Perturbed(Block):
    """The block of ``perturbed``."""

    def __init__(
        self, coder: Coder, buffers: bool, chip: Optional[Chip], reading: Reading, batch: int
    ) -> None:
        super().__init__(coder, buffers)
        self._chip = chip
        self._reading = reading
        self._batch = batch

    def __enter__(self) -> Perturbation:
        super().__enter__()
        try:
            coder = self._coder
            codes = coder.encode()
            counts = None
            if self._chip is not None:
                counts = self._reading.through(self._chip, coder, codes, self._batch)
            self.write(codes)
            return Perturbation(tuple(coder.names), coder.codes, coder.cells, counts)
        except BaseException:
            self.restore()
            self._leave()
            raise


class BitErrorTraining:
    """Training steps with bit errors: RandBET and PattBET (docs/training.md).

    A step computes the gradient twice, on the quantized weights and on those that a chip returns,
    and leaves a combination of both in the gradients of the model's own float weights:

        training = brownout.torch.BitErrorTraining(model, rate=0.01, w_max=0.1)     # RandBET
        for x, y in loader:
            optimizer.zero_grad()
            training.backward(lambda: criterion(model(x), y))
            optimizer.step()

    Without ``chip`` every step has another random chip (RandBET). With one, for example
    ``chip="profiles/chip1-synthetic.h5", voltage=0.8114``, all steps have this one (PattBET).

    Args:
        model: The model, whose float weights are trained.
        chip: The one chip of all steps; another random one in each if not given.
        voltage, rate: As in ``perturbed``; one of them is needed.
        w_max: Weights are clipped to [-w_max, w_max] before each step; no clipping if not given.
        start_loss: Bit errors start when the clean loss is below it.
        gate: When they are on. ``published-code``: decided by every batch for the next one, on if
            the clean loss is below 1.15·start_loss and the mean of both losses at most start_loss;
            ``paper``: for good from the first batch whose clean loss is below start_loss;
            ``none``: always.
        gradient_clamp: The perturbed gradient is clamped to ± this; None or 0: it is not.
        combine: ``average`` of both gradients, or their ``sum``.
        seed: Of the random chips. They are none of those that evaluations take by default.
        scheme, bits, rounding, ranges, parameters, offset, technology, evaluation_seed, reads: As
            in ``perturbed``; with fresh reads every step draws anew.

    Raises:
        InputError: A wrong argument, or a parameter that cannot be coded.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        *,
        chip: Union[None, Chip, PathText] = None,
        voltage: Optional[float] = None,
        rate: Optional[float] = None,
        w_max: Optional[float] = None,
        start_loss: float = 1.75,
        gate: str = "published-code",
        gradient_clamp: Optional[float] = 0.05,
        combine: str = "average",
        seed: int = 0,
        scheme: str = "rquant",
        bits: int = 8,
        rounding: str = "nearest",
        ranges: str = "tensor",
        parameters: Selection = None,
        offset: int = 0,
        technology: Union[Technology, PathText, None] = None,
        evaluation_seed: int = 0,
        reads: str = "frozen",
    ) -> None:
        self._model = model
        self._chip = None if chip is None else as_chip(chip)
        self._seed = _arguments.integer("seed", seed, 0, 2**30 - 1)
        self._reading = Reading(
            self._random_chip(0) if self._chip is None else self._chip,
            voltage,
            rate,
            technology,
            offset,
            evaluation_seed,
            reads,
        )
        self._coder = Coder(model, parameters, scheme, bits, rounding, ranges, None)
        self._w_max = None if w_max is None else _positive("w_max", w_max)
        self._start_loss = _arguments.number("start_loss", start_loss)
        self._gate = _arguments.choice("gate", gate, GATES)
        self._clamp = _arguments.number("gradient_clamp", gradient_clamp or 0.0, 0.0, 1e30)
        self._average = _arguments.choice("combine", combine, COMBINATIONS) == "average"
        self.step: int = 0
        """Steps so far. Together with ``active`` it is all that a checkpoint needs."""
        self.active: bool = gate == "none"
        """Whether the next step has bit errors."""
        self.counts: Optional[ReadCounts] = None
        """What the chip did to the codes in the last step; None without bit errors."""

    def backward(self, closure: Callable[[], torch.Tensor]) -> torch.Tensor:
        """One step: adds both gradients to those of the model's parameters.

        Args:
            closure: Runs the model on the batch and returns the loss. It is called once or twice
                and must not call ``backward()``.

        Returns:
            The loss on the clean codes, detached.

        Raises:
            RunError: The loss is not finite.
        """
        if not callable(closure):
            raise InputError(
                f"closure: expected a function that returns the loss, got "
                f"{_arguments.shown(type(closure))}"
            )
        if self._w_max is not None:
            clip_(self._model, self._w_max, parameters=self._coder.names)
        trained = [p for p in self._model.parameters() if p.requires_grad]
        before = [p.grad for p in trained]
        codes = self._coder.encode()
        self.counts = None
        perturbed_loss = 0.0
        try:
            with Block(self._coder, buffers=False) as block:
                block.write(codes)
                loss, gradients = _gradients(closure, trained)
                if self.active:
                    chip = self._chip or self._random_chip(self.step)
                    self.counts = self._reading.through(chip, self._coder, codes, self.step)
                    with _core.Restored(list(self._model.buffers())):
                        block.write(codes)
                        hit_loss, hit = _gradients(closure, trained)
                    perturbed_loss = float(hit_loss)
                    gradients = [self._combined(g, h) for g, h in zip(gradients, hit)]
        except BaseException:
            for parameter, old in zip(trained, before):
                parameter.grad = old
            raise
        for parameter, old, new in zip(trained, before, gradients):
            parameter.grad = new if old is None else old if new is None else old + new
        self._decide(float(loss), perturbed_loss)
        self.step += 1
        return loss

    def _combined(
        self, clean: Optional[torch.Tensor], hit: Optional[torch.Tensor]
    ) -> Optional[torch.Tensor]:
        if clean is None or hit is None:
            return clean if hit is None else hit
        if self._clamp > 0.0:
            hit = hit.clamp(-self._clamp, self._clamp)
        both = clean + hit
        return both.mul_(0.5) if self._average else both

    def _decide(self, clean: float, hit: float) -> None:
        """Whether the next step has bit errors."""
        if self._gate == "published-code":
            self.active = (
                clean < 1.15 * self._start_loss and (clean + hit) / 2.0 <= self._start_loss
            )
        elif self._gate == "paper":
            self.active = self.active or clean < self._start_loss

    def _random_chip(self, step: int) -> Chip:
        return Chip(f"random:{_FIRST_TRAINING_SEED + (self._seed << 32) + step}")

    def __repr__(self) -> str:
        chip = "another random chip each step" if self._chip is None else self._chip.name
        chip = _arguments.printable(chip)
        return f"<BitErrorTraining on {chip}: {self.step} steps, errors {self.active}>"


def clip_(model: torch.nn.Module, w_max: float, *, parameters: Selection = None) -> None:
    """Clips the coded parameters of a model to [-w_max, w_max], in place.

    Call it after ``optimizer.step()``. ``parameters`` is as in ``perturbed``.
    """
    limit = _positive("w_max", w_max)
    for _, parameter in selected(model, parameters):
        parameter.detach().clamp_(-limit, limit)


def order_of_use(model: torch.nn.Module, *inputs: Any) -> List[str]:
    """The names of the parameters in the order in which the model uses them.

    An exported network has this order. It differs from that of ``model.named_parameters()`` when
    modules are not defined in the order of their use. The model runs once on ``inputs``, in
    evaluation mode and without gradients; a parameter that it does not use is left out.

    What is seen are calls of modules: all parameters that a module itself has count as used when it
    is called, in the order in which it defines them. A parameter that is read in another way, as by
    ``torch.nn.functional.linear(x, self.head.weight)`` in a model whose module ``head`` is never
    called, is not seen and left out. So are calls inside a model that was scripted
    (``torch.jit.script``), and branches that these inputs do not take.
    """
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    order: List[str] = []

    def note(module: torch.nn.Module, _: Any) -> None:
        for parameter in module.parameters(recurse=False):
            name = names[id(parameter)]
            if name not in order:
                order.append(name)

    hooks = [module.register_forward_pre_hook(note) for module in model.modules()]
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            model(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes:
            module.training = mode
    return order


def _gradients(
    closure: Callable[[], torch.Tensor], trained: List[torch.nn.Parameter]
) -> Tuple[torch.Tensor, List[Optional[torch.Tensor]]]:
    """The loss, detached, and its gradient by parameter."""
    for parameter in trained:
        parameter.grad = None
    loss = closure()
    if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
        raise InputError(
            f"closure: expected it to return the loss, one number in a tensor, got "
            f"{_arguments.shown(type(loss))}"
        )
    if not math.isfinite(float(loss)):
        raise RunError(f"the loss is {float(loss)}, expected a finite number")
    torch.autograd.backward(loss)
    return loss.detach(), [parameter.grad for parameter in trained]


def _positive(name: str, value: Any) -> float:
    plain = _arguments.number(name, value, 0.0, 3e38)
    if plain == 0.0:
        raise InputError(f"{name}: expected a number above 0, got 0")
    return plain
