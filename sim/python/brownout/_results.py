# SPDX-License-Identifier: Apache-2.0
"""What runs give: the figures that people use, and everything that the command writes."""

from __future__ import annotations

import csv
import html
import io
import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from brownout import _arguments

Array = np.ndarray[Any, Any]


class ChipError(NamedTuple):
    """A network on one chip."""

    chip: str
    """Its name."""
    rerr: float
    """Percent of the images that are classified wrongly."""
    confidence: float
    """Mean probability of the predicted class, a fraction."""
    cells_hit: int
    """Faulty cells that hold a bit of a code."""
    bits_wrong: int
    """Bits of codes that read wrong."""


class Table:
    """Rows and columns as the command writes them to a CSV file."""

    def __init__(self, text: str) -> None:
        self.csv = text
        """The text of the file."""

    def columns(self) -> Dict[str, Array]:
        """The columns by name: arrays of numbers (NaN where nothing is defined) or of texts."""
        rows = list(csv.reader(io.StringIO(self.csv)))
        if not rows:
            return {}
        return {
            name: _column([row[index] for row in rows[1:]]) for index, name in enumerate(rows[0])
        }

    def to_pandas(self) -> Any:
        """The table as a pandas.DataFrame. Needs pandas."""
        return _pandas().read_csv(io.StringIO(self.csv))

    def __len__(self) -> int:
        return max(0, len(list(csv.reader(io.StringIO(self.csv)))) - 1)

    def __repr__(self) -> str:
        names = list(self.columns())
        return f"<Table of {len(self)} rows: {', '.join(names)}>"


class _Result:
    """What all results have in common."""

    def __init__(self, fields: Dict[str, Any]) -> None:
        self._fields = fields
        self._json: Optional[Dict[str, Any]] = None

    @property
    def json(self) -> Dict[str, Any]:
        """All fields, as in the JSON file that the command writes (docs/output.md)."""
        if self._json is None:
            self._json = json.loads(self._fields["json"])
        return self._json

    @property
    def text(self) -> str:
        """What the command prints."""
        return _arguments.printable(self._fields["text"])

    def __repr__(self) -> str:
        return self.text.rstrip("\n")


class EvalResult(_Result):
    """What ``Experiment.run`` gives: the error of a network, clean and on chips.

    Printed it is the table of ``brownout eval``. Errors are in percent of the images.
    """

    @property
    def model(self) -> str:
        """The network's name."""
        return str(self._fields["model"])

    @property
    def images(self) -> int:
        """How many were evaluated."""
        return int(self._fields["images"])

    @property
    def voltage(self) -> Optional[float]:
        """Of the supply, in units of Vmin; None when no voltage is known."""
        return _optional(self._fields["voltage"])

    @property
    def rate(self) -> Optional[float]:
        """Bit error rate of the weights' cells, a fraction; None without chips."""
        return _optional(self._fields["rate"])

    @property
    def err(self) -> float:
        """Error of the clean network, percent."""
        return float(self._fields["err"])

    @property
    def err_ci95(self) -> Tuple[float, float]:
        """95 % interval of ``err`` over images."""
        return _interval(self._fields["err_ci95"])

    @property
    def rerr(self) -> Optional[float]:
        """Error with bit errors, percent: the mean over the chips. None without chips."""
        return None if self._fields["rerr"] is None else float(self._fields["rerr"]["mean"])

    @property
    def rerr_std(self) -> Optional[float]:
        """Sample standard deviation of the error over the chips; None with fewer than two."""
        return None if self._fields["rerr"] is None else _optional(self._fields["rerr"]["std"])

    @property
    def rerr_ci95(self) -> Optional[Tuple[float, float]]:
        """95 % interval of ``rerr`` over chips and images (docs/error-bars.md)."""
        interval = None if self._fields["rerr"] is None else self._fields["rerr"]["ci95"]
        return None if interval is None else _interval(interval)

    @property
    def chips(self) -> List[ChipError]:
        """The error on each chip."""
        return [ChipError(*chip) for chip in self._fields["chips"]]

    @property
    def energy_sram_rel(self) -> Optional[float]:
        """Energy of a weight access, relative to an unprotected one at Vmin."""
        return _optional(self._fields["energy_sram_rel"])

    @property
    def cycles(self) -> Optional[float]:
        """Of an inference on the accelerator; None without one."""
        return _optional(self._fields["cycles"])

    @property
    def latency_ms(self) -> Optional[float]:
        """Of an inference on the accelerator; None without one."""
        return _optional(self._fields["latency_ms"])

    @property
    def energy_uj(self) -> Optional[float]:
        """Of an inference on the accelerator, in microjoules; None without one."""
        return _optional(self._fields["energy_uj"])

    @property
    def logits(self) -> Optional[Array]:
        """float32, (1 + chips) × images × classes, the clean network first. None unless the
        experiment keeps them."""
        logits: Optional[Array] = self._fields["logits"]
        return logits

    @property
    def samples(self) -> Table:
        """One row a chip, as ``brownout eval --samples`` writes."""
        return Table(self._fields["samples_csv"])

    def to_pandas(self) -> Any:
        """One row a chip, as ``brownout eval --samples`` writes: a pandas.DataFrame."""
        return self.samples.to_pandas()

    def _repr_html_(self) -> str:
        rows = [
            ("clean error %", f"{self.err:.2f}", _range(self.err_ci95)),
        ]
        if self.rerr is not None:
            spread = "" if self.rerr_std is None else f" ± {self.rerr_std:.2f} over chips"
            rows.append(("RErr %", f"{self.rerr:.2f}{spread}", _range(self.rerr_ci95)))
        rows += _figures(self)
        place = [f"{self.images} images"]
        if self.chips:
            place.append(f"{len(self.chips)} chips" if len(self.chips) > 1 else self.chips[0].chip)
        if self.voltage is not None:
            place.append(f"{self.voltage:.4g} Vmin")
        if self.rate is not None:
            place.append(f"bit error rate {100 * self.rate:.3g} %")
        return _html(f"{self.model}: " + ", ".join(place), ("", "", "95 %"), rows)


class RunResult(_Result):
    """What ``brownout.run`` gives: a network on an accelerator. Printed it is ``brownout run``."""

    @property
    def model(self) -> str:
        """The network's name."""
        return str(self._fields["model"])

    @property
    def images(self) -> int:
        """How many were run."""
        return int(self._fields["images"])

    @property
    def err(self) -> float:
        """Error on the chip, percent of the images."""
        return float(self._fields["err"])

    @property
    def cycles(self) -> int:
        """Of all images."""
        return int(self._fields["cycles"])

    @property
    def cycles_per_image(self) -> float:
        """Of an inference."""
        return float(self._fields["cycles_per_image"])

    @property
    def latency_ms(self) -> float:
        """Of an inference."""
        return float(self._fields["latency_ms"])

    @property
    def energy_uj(self) -> float:
        """Of an inference, in microjoules."""
        return float(self._fields["energy_uj"])

    @property
    def logits(self) -> Optional[Array]:
        """float32, images × classes. None unless asked for."""
        logits: Optional[Array] = self._fields["logits"]
        return logits

    @property
    def layers(self) -> List[Dict[str, Any]]:
        """One dictionary a layer: cycles, stalls, accesses and energies, as in the JSON file."""
        return list(self.json["layers"])

    def to_pandas(self) -> Any:
        """One row a layer: a pandas.DataFrame with the fields of the JSON file. Needs pandas."""
        return _pandas().json_normalize(self.layers, sep="_")

    def _repr_html_(self) -> str:
        rows = [("error %", f"{self.err:.2f}", "")]
        rows += _figures(self)
        return _html(f"{self.model}: {self.images} images", ("", "", ""), rows)


class SweepResult(_Result):
    """What ``brownout.sweep`` gives: networks × chips × voltages, or × bit error rates.

    Printed it is ``brownout sweep``.
    """

    @property
    def folder(self) -> str:
        """Where everything was written."""
        return str(self._fields["folder"])

    @property
    def points(self) -> Table:
        """One row a point, as ``points.csv`` in the folder."""
        return Table(self._fields["csv"])

    @property
    def samples(self) -> Table:
        """One row a chip and point, as ``samples.csv`` in the folder."""
        return Table(self._fields["samples_csv"])

    @property
    def safe_voltages(self) -> Table:
        """The lowest safe voltages, as ``safe_voltage.csv`` in the folder. Empty over rates."""
        return Table(self._fields["safe_voltage_csv"])

    def to_pandas(self) -> Any:
        """One row a point, as ``points.csv``: a pandas.DataFrame."""
        return self.points.to_pandas()

    def _repr_html_(self) -> str:
        names = ("model", "mitigation", "accelerator", "voltage", "rate", "err", "rerr_mean")
        points = [point for point in self.json["points"]]
        used = [name for name in names if any(point.get(name) is not None for point in points)]
        rows = [[_cell(point.get(name)) for name in used] for point in points]
        return _html(self.folder, used, rows)


def _figures(result: Any) -> List[Tuple[str, str, str]]:
    """Cycles, time and energy of an inference, where there are any."""
    cycles = result.cycles_per_image if isinstance(result, RunResult) else result.cycles
    if cycles is None:
        return []
    return [
        ("cycles an image", f"{cycles:,.0f}", ""),
        ("latency ms", f"{result.latency_ms:.4g}", ""),
        ("energy µJ", f"{result.energy_uj:.4g}", ""),
    ]


def _html(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def cells(kind: str, texts: Sequence[str]) -> str:
        return "".join(f"<{kind}>{html.escape(text)}</{kind}>" for text in texts)

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    top = f"<tr>{cells('th', head)}</tr>" if any(head) else ""
    return f"<table><caption>{html.escape(_arguments.printable(caption))}</caption>{top}{body}</table>"


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)


def _range(interval: Optional[Tuple[float, float]]) -> str:
    return "" if interval is None else f"{interval[0]:.2f} … {interval[1]:.2f}"


def _optional(value: Any) -> Optional[float]:
    return None if value is None else float(value)


def _interval(value: Sequence[float]) -> Tuple[float, float]:
    return float(value[0]), float(value[1])


def _column(cells: List[str]) -> Array:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells], dtype=np.float64)
    except ValueError:
        return np.array(cells, dtype=np.str_)


def _pandas() -> Any:
    try:
        import pandas  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "to_pandas() needs pandas (Debian: python3-pandas); columns() and json do without it",
            name="pandas",
        ) from error
    return pandas


for _class in (EvalResult, RunResult, SweepResult, ChipError, Table):
    _class.__module__ = "brownout"
