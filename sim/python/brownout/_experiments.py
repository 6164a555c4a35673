# SPDX-License-Identifier: Apache-2.0
"""Evaluations: a network's images through an engine, with its weights as chips return them."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from brownout import _arguments, _core
from brownout._accelerators import Accelerator
from brownout._chips import Chip
from brownout._errors import InputError
from brownout._networks import Network, as_network
from brownout._progress import Progress, watcher
from brownout._results import EvalResult, RunResult, SweepResult
from brownout._technology import Technology

PathText = Union[str, "os.PathLike[str]"]
Names = Union[None, str, Sequence[str]]
Chips = Union[None, int, str, Chip, Sequence[Union[str, Chip]]]

MOST_CHIPS = 1_000_000
DEFAULT_CHIPS = 10


class Experiment:
    """Evaluates one network: all images clean, and on each chip.

    The arguments are the options of ``brownout eval`` and have their defaults. Results depend
    neither on ``threads`` nor on the order of runs.

    >>> experiment = Experiment("models/fmnist-simplenet16-randbet-8b.onnx", images=500)
    >>> experiment.run(rate=0.01, chips=3).rerr
    7.0

    Args:
        network: A network, or its file.
        dataset: The name of a data set, or a file of one's own data (docs/data.md).
        split: ``train`` or ``test``.
        data: The folder of the data set; the usual place if not given.
        images: Takes the first ones; all if not given.
        engine: ``functional``, ``float``, ``reference`` or ``systemc``.
        accelerator: An accelerator, its name or file, for placement, cycles and energy.
        technology: Relates voltage, bit error rate and energy; the accelerator's if not given,
            else ``14nm-finfet``.
        mitigation: What is done against failing cells, for example ``"secded"``.
        supplies: The supply of ``input``, ``activations`` and ``accumulators``: a voltage, or
            ``"vmin"``, or ``"scaled"``.
        memory_rates: Bit error rates of these memories, whatever their supply.
        batch: Images at a time on the accelerator, between fresh reads, or of batch statistics.
        bit_offset: The cell of the memory that holds the network's first bit.
        evaluation_seed: Of the draws of cells that read wrong with a probability.
        reads: When these draw: ``frozen``, once for all, or ``fresh``, once for every batch.
        batch_statistics: Whether batch norms take mean and variance of each batch (engine
            ``float``).
        only_tensors, only_layers: Names: only the cells of these tensors, or of the tensors of
            these layers, fail.
        only_bits: Only the cells of these bits of the codes fail: ``"6"`` or ``"6-7"``.
        keep_logits: Whether results have logits.
        list_cells: Whether the JSON lists the faulty cells of each chip.
        threads: They change time only; all of the machine if not given.

    Raises:
        InputError: A wrong argument, arguments that do not go together, or a file that cannot be
            read.
    """

    def __init__(
        self,
        network: Union[Network, PathText],
        *,
        dataset: PathText = "fashion-mnist",
        split: str = "test",
        data: Optional[PathText] = None,
        images: Optional[int] = None,
        engine: str = "functional",
        accelerator: Union[Accelerator, PathText, None] = None,
        technology: Union[Technology, PathText, None] = None,
        mitigation: Optional[str] = None,
        supplies: Optional[Mapping[str, Union[str, float]]] = None,
        memory_rates: Optional[Mapping[str, float]] = None,
        batch: Optional[int] = None,
        bit_offset: int = 0,
        evaluation_seed: int = 0,
        reads: str = "frozen",
        batch_statistics: bool = False,
        only_tensors: Names = None,
        only_layers: Names = None,
        only_bits: Optional[str] = None,
        keep_logits: bool = False,
        list_cells: bool = False,
        threads: Optional[int] = None,
    ) -> None:
        self._network = as_network(network)
        config = _config(
            dataset=dataset,
            split=split,
            data=data,
            images=images,
            engine=engine,
            accelerator=accelerator,
            technology=technology,
            mitigation=mitigation,
            supplies=supplies,
            memory_rates=memory_rates,
            batch=batch,
            bit_offset=bit_offset,
            evaluation_seed=evaluation_seed,
            reads=reads,
            batch_statistics=batch_statistics,
            only_tensors=only_tensors,
            only_layers=only_layers,
            only_bits=only_bits,
            keep_logits=keep_logits,
            list_cells=list_cells,
            threads=threads,
        )
        self._core = _core.Experiment(self._network._core, config)

    @property
    def network(self) -> Network:
        """The network that is evaluated."""
        return self._network

    def run(
        self,
        *,
        voltage: Optional[float] = None,
        rate: Optional[float] = None,
        chips: Chips = None,
        seed: Optional[int] = None,
        progress: Progress = None,
    ) -> EvalResult:
        """The error of the network, clean and on chips. ``brownout eval`` prints the same.

        Args:
            voltage: Of the supply, in units of Vmin.
            rate: The bit error rate of the weights' cells in place of a voltage, a fraction.
                With neither only the clean network runs.
            chips: A number n of random chips, ``random:seed`` to ``random:(seed + n - 1)``; or one
                chip, or a sequence of them. 10 random chips if not given.
            seed: Of the first random chip; 0 if not given.
            progress: None: a bar on a terminal and in a notebook; True, False: with and without
                one; a function: it is called with what is done and with all of it.

        Raises:
            InputError: A wrong argument, or a voltage at which a chip or the technology has no
                data.
            RunError: The network gave a number that is not finite.
        """
        volts, share = _arguments.one_of_voltage_and_rate(voltage, rate, needed=False)
        names, count, first = _chosen(chips, seed)
        watch = watcher(progress, "eval")
        if count is None:
            return EvalResult(_watched(watch, self._core.run, volts, share, names))
        return EvalResult(_watched(watch, self._core.run_random, volts, share, count, first))

    def __repr__(self) -> str:
        return f"<Experiment on {_arguments.printable(self._network.name)}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        raise TypeError("cannot pickle an Experiment; make one in the other process")


def run(
    network: Union[Network, PathText],
    accelerator: Union[Accelerator, PathText],
    *,
    voltage: Optional[float] = None,
    chip: Union[Chip, PathText, None] = None,
    dataset: PathText = "fashion-mnist",
    split: str = "test",
    data: Optional[PathText] = None,
    images: Optional[int] = None,
    engine: str = "systemc",
    technology: Union[Technology, PathText, None] = None,
    mitigation: Optional[str] = None,
    supplies: Optional[Mapping[str, Union[str, float]]] = None,
    memory_rates: Optional[Mapping[str, float]] = None,
    batch: Optional[int] = None,
    bit_offset: int = 0,
    evaluation_seed: int = 0,
    reads: str = "frozen",
    keep_logits: bool = False,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> RunResult:
    """Runs a network on the cycle-by-cycle model of an accelerator, as ``brownout run`` does.

    >>> run("models/fmnist-simplenet16-randbet-8b.onnx", "edge-16x16", images=2).cycles
    294718

    Args:
        network: A network, or its file.
        accelerator: An accelerator, its name or its file.
        voltage: Of the scaled supply, in units of Vmin; at Vmin, without faults, if not given.
        chip: The chip, or its text; ``random:0`` if not given.
        engine: ``systemc``, or ``functional``: numbers by the fast engine, time by the model.
        keep_logits: Whether the result has logits.
        progress: As in ``Experiment.run``.

    The other arguments are those of ``Experiment``.

    Raises:
        InputError: A wrong argument, arguments that do not go together, a file that cannot be
            read, or a network that does not fit the accelerator.
        RunError: The network gave a number that is not finite.
    """
    model = as_network(network)
    volts, _ = _arguments.one_of_voltage_and_rate(voltage, None, needed=False)
    config = _config(
        dataset=dataset,
        split=split,
        data=data,
        images=images,
        engine=engine,
        accelerator=accelerator,
        technology=technology,
        mitigation=mitigation,
        supplies=supplies,
        memory_rates=memory_rates,
        batch=batch,
        bit_offset=bit_offset,
        evaluation_seed=evaluation_seed,
        reads=reads,
        batch_statistics=False,
        only_tensors=None,
        only_layers=None,
        only_bits=None,
        keep_logits=keep_logits,
        list_cells=False,
        threads=threads,
    )
    name = "" if chip is None else _chip_text(chip)
    watch = watcher(progress, "run")
    return RunResult(_watched(watch, _core.run, model._core, config, volts, name))


def sweep(
    file: PathText,
    *,
    folder: Optional[PathText] = None,
    images: Optional[int] = None,
    chips: Optional[int] = None,
    seed: Optional[int] = None,
    data: Optional[PathText] = None,
    overwrite: bool = False,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> SweepResult:
    """Networks × chips × voltages, as ``brownout sweep`` does.

    What the folder holds already is not computed again: a sweep that was interrupted goes on.

    Args:
        file: The YAML file of the sweep (docs/sweep-file.md has its keys).
        folder: For everything that is written; ``out/NAME`` for a file NAME.yaml if not given.
        images, chips, seed: In place of those of the file.
        data: The folder of the data set; the usual place if not given.
        overwrite: Whether it starts anew in a folder that holds another sweep.
        threads: They change time only; all of the machine if not given.
        progress: As in ``Experiment.run``.

    Raises:
        InputError: The file is no sweep, or the folder belongs to another one.
        RunError: A network gave a number that is not finite.
    """
    options = {
        "folder": _arguments.optional_text("folder", folder),
        "images": None
        if images is None
        else _arguments.integer("images", images, 1, _arguments.MOST_IMAGES),
        "chips": None if chips is None else _arguments.integer("chips", chips, 1, MOST_CHIPS),
        "seed": None if seed is None else _arguments.integer("seed", seed, 0, _arguments.MOST_SEED),
        "data": _arguments.optional_text("data", data),
        "threads": _arguments.threads(threads),
        "overwrite": _arguments.truth("overwrite", overwrite),
    }
    watch = watcher(progress, "sweep")
    return SweepResult(_watched(watch, _core.sweep, _arguments.text("file", file), options))


def _watched(watch: Any, function: Any, *arguments: Any) -> Dict[str, Any]:
    finished = False
    try:
        result: Dict[str, Any] = function(*arguments, watch.update)
        finished = True
        return result
    finally:
        watch.close(finished)


def _config(**given: Any) -> Dict[str, Any]:
    """The fields of ExperimentConfig."""
    images, batch = given["images"], given["batch"]
    return {
        "dataset": _arguments.text("dataset", given["dataset"]),
        "split": _arguments.word("split", given["split"]),
        "data": _arguments.optional_text("data", given["data"]),
        "images": 0
        if images is None
        else _arguments.integer("images", images, 1, _arguments.MOST_IMAGES),
        "engine": _arguments.word("engine", given["engine"]),
        "accelerator": _described("accelerator", given["accelerator"], Accelerator),
        "technology": _described("technology", given["technology"], Technology),
        "mitigation": _arguments.optional_word("mitigation", given["mitigation"]),
        "supplies": _supplies(given["supplies"]),
        "memory_rates": {
            name: _arguments.number(f"memory_rates: {name}", value, 0.0, 1.0)
            for name, value in _mapping("memory_rates", given["memory_rates"])
        },
        "batch": None if batch is None else _arguments.integer("batch", batch, 1, 65536),
        "bit_offset": _arguments.integer(
            "bit_offset", given["bit_offset"], 0, _arguments.MOST_OFFSET
        ),
        "evaluation_seed": _arguments.integer(
            "evaluation_seed", given["evaluation_seed"], 0, _arguments.MOST_SEED
        ),
        "fresh_reads": _arguments.choice("reads", given["reads"], _arguments.READS) == "fresh",
        "batch_statistics": _arguments.truth("batch_statistics", given["batch_statistics"]),
        "only_tensors": _arguments.names("only_tensors", given["only_tensors"]),
        "only_layers": _arguments.names("only_layers", given["only_layers"]),
        "only_bits": _arguments.optional_word("only_bits", given["only_bits"]),
        "keep_logits": _arguments.truth("keep_logits", given["keep_logits"]),
        "list_cells": _arguments.truth("list_cells", given["list_cells"]),
        "threads": _arguments.threads(given["threads"]),
    }


def _described(name: str, value: Any, kind: Any) -> str:
    """The text of an accelerator or a technology, which may come as an object."""
    return str(value._text) if isinstance(value, kind) else _arguments.optional_text(name, value)


def _mapping(name: str, value: Any) -> List[Tuple[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{name}: expected a mapping by memory, got {_arguments.shown(value)}")
    return [(_arguments.word(name, key), item) for key, item in value.items()]


def _supplies(value: Any) -> Dict[str, str]:
    return {
        name: _arguments.word(f"supplies: {name}", supply)
        if isinstance(supply, str)
        else repr(_arguments.number(f"supplies: {name}", supply, 0.0, 10.0))
        for name, supply in _mapping("supplies", value)
    }


def _chip_text(chip: Any) -> str:
    return chip._text if isinstance(chip, Chip) else _arguments.text("chip", chip)


def _chosen(chips: Any, seed: Any) -> Tuple[List[str], Optional[int], int]:
    """The names of chips; or the number of random ones, and the seed of the first."""
    if isinstance(chips, (str, os.PathLike, Chip, list, tuple)):
        if seed is not None:
            raise InputError(
                "seed: belongs to a number of random chips; expected none beside names"
            )
        named = list(chips) if isinstance(chips, (list, tuple)) else [chips]
        if not named:
            raise InputError("chips: expected a number of random chips or names, got none")
        return [_chip_text(chip) for chip in named], None, 0
    if chips is None and seed is None:
        return [], None, 0  # as the command: ten at an operating point
    count = _arguments.integer("chips", DEFAULT_CHIPS if chips is None else chips, 1, MOST_CHIPS)
    return [], count, 0 if seed is None else _arguments.integer("seed", seed, 0, _arguments.MOST_SEED)


for _class in (Experiment, run, sweep):
    _class.__module__ = "brownout"
