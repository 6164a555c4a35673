# SPDX-License-Identifier: Apache-2.0
"""Brownout: DNN accelerators whose SRAM runs below Vmin, the lowest voltage at which no cell fails.

A chip says which cells fail at a voltage, a technology says what a voltage does, and an experiment
says what becomes of a network:

    import brownout

    chip = brownout.Chip("random:7")
    read = chip.corrupt(codes, bits=8, voltage=0.84)        # any NumPy array of codes

    experiment = brownout.Experiment("models/fmnist-simplenet16-randbet-8b.onnx")
    result = experiment.run(voltage=0.84, chips=50)         # as `brownout eval` computes it
    print(result.rerr, result.to_pandas())

``brownout.torch`` reads the weights of a PyTorch model through a chip. ``python3 -m brownout`` is
the command. docs/python.md has examples.

Units: voltages in Vmin, rates as fractions, errors in percent, energies in microjoules an image.
"""

from brownout import _core
from brownout._accelerators import Accelerator, Layer, Program
from brownout._chips import FAULT_DTYPE, Chip, FaultyMemory, ReadCounts
from brownout._errors import Error, InputError, RunError
from brownout._experiments import Experiment, run, sweep
from brownout._networks import Coded, Network, Parameter, quantize
from brownout._results import ChipError, EvalResult, RunResult, SweepResult, Table
from brownout._technology import Technology

__version__: str = _core.version

__all__ = [
    "Accelerator",
    "Chip",
    "ChipError",
    "Coded",
    "Error",
    "EvalResult",
    "Experiment",
    "FAULT_DTYPE",
    "FaultyMemory",
    "InputError",
    "Layer",
    "Network",
    "Parameter",
    "Program",
    "ReadCounts",
    "RunError",
    "RunResult",
    "SweepResult",
    "Table",
    "Technology",
    "quantize",
    "run",
    "sweep",
]
