"""Charts of the dashboard: aging and trends, a row of panels for each home currency.

The same figures draw the same bytes, so a chart can be kept beside a report and compared. What a
colour says is said by a label, a marker or a line's dashes as well.
"""

import io
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from cli.dashboard_screen import heading, money
from domain.aging import AgeUnit, Basis
from projections.dashboard import AgedAmount
from runtime.dashboards import Dashboard, DashboardGroup

PANEL_INCHES = (5.4, 3.3)
"""Width and height of a panel."""

DOTS_PER_INCH = 110

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.parse_math": False,
    "svg.hashsalt": "tallystick",
    "svg.fonttype": "none",
}
"""What drawing must not take from the settings of whoever draws."""

_AHEAD = ("#bdbdbd", "#4393c3")
"""The colours of what is future and of what is current."""

_LATE = ("#fdd49e", "#fdbb84", "#fc8d59", "#e34a33", "#a50f15")
"""Those of the other buckets, darker with age; told apart without seeing colours."""

_PLAIN, _WEIGHTED, _DSO = "#0072b2", "#d55e00", "#00674b"

_mpl: Any = mpl
"""The library, whose types say little."""

Panel = Callable[[Any, DashboardGroup], None]


def draw_dashboard(found: Dashboard, path: Path) -> None:
    """Draw a dashboard to a file, as PNG or SVG by its name."""
    kind = path.suffix.lower().removeprefix(".")
    with _mpl.rc_context({**_mpl.rcParamsDefault, **_STYLE}):
        drawn = io.BytesIO()
        # The time of drawing would make each drawing another.
        metadata = {"Date": None, "Title": heading(found)} if kind == "svg" else {"Software": None}
        _figure(found).savefig(drawn, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    path.write_bytes(drawn.getvalue())


def _figure(found: Dashboard) -> Any:
    panels: list[Panel] = [partial(_aging, basis=found.basis, unit=found.age_unit), _days_late]
    if any(one.dso is not None for one in found.groups):
        panels.append(_dso)
    width, height = PANEL_INCHES
    rows = max(1, len(found.groups))
    figure: Any = Figure(figsize=(width * len(panels), height * rows + 0.6), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.15, hspace=0.03)
    figure.suptitle(heading(found), fontsize=13, fontweight="bold")
    if not found.groups:
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "There are no accounts.", ha="center", va="center", fontsize=12)
        return figure
    grid = figure.subplots(rows, len(panels), squeeze=False)
    for row, group in zip(grid, found.groups, strict=True):
        for axes, panel in zip(row, panels, strict=True):
            panel(axes, group)
    return figure


_FROM = {Basis.DUE: "due date", Basis.INVOICE: "invoice date"}
_SINCE = {Basis.DUE: "past due", Basis.INVOICE: "since the invoice date"}


def _aging(axes: Any, group: DashboardGroup, *, basis: Basis, unit: AgeUnit) -> None:
    buckets = group.aging[basis]
    currency = group.totals.home_curr_id
    total = group.totals.figures["total_age"]
    axes.set_title(f"{currency}: {money(total, currency)} open by {_FROM[basis]}", loc="left")
    values = [float(one.amount) for one in buckets]
    bars = axes.bar(
        [one.label for one in buckets],
        values,
        color=_colours(buckets),
        edgecolor="#333333",
        linewidth=0.6,
    )
    axes.bar_label(bars, labels=[_short(value) if value else "" for value in values], padding=2)
    axes.set_xlabel(f"{unit.value} {_SINCE[basis]}")
    axes.set_ylabel(currency)
    _room(axes, values)


def _colours(buckets: Sequence[AgedAmount]) -> list[str]:
    return [*_AHEAD, *_LATE[-(len(buckets) - len(_AHEAD)) :]]


def _days_late(axes: Any, group: DashboardGroup) -> None:
    months = [month for month, _ in group.days_late]
    axes.set_title(f"{group.totals.home_curr_id}: days late of what was paid", loc="left")
    plain = [paid and paid.avg_days_late for _, paid in group.days_late]
    weighted = [paid and paid.avg_days_late_weighted for _, paid in group.days_late]
    _line(axes, months, plain, label="plain average", color=_PLAIN, marker="o")
    _line(
        axes,
        months,
        weighted,
        label="weighted by amount",
        color=_WEIGHTED,
        marker="s",
        linestyle="--",
    )
    axes.axhline(0, color="#333333", linewidth=0.8)
    _months(axes, months, "days late")
    axes.legend(loc="best", frameon=False)


def _dso(axes: Any, group: DashboardGroup) -> None:
    months = [one.month for one in group.dso or ()]
    values = [one.dso for one in group.dso or ()]
    axes.set_title(f"{group.totals.home_curr_id}: days sales outstanding", loc="left")
    _line(axes, months, values, color=_DSO, marker="o")
    for place, value in enumerate(values):
        if value is not None:
            axes.annotate(
                f"{value:.1f}",
                (place, float(value)),
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
            )
    _room(axes, [float(one) for one in values if one is not None])
    _months(axes, months, "days")


def _line(axes: Any, months: Sequence[date], values: Sequence[Decimal | None], **how: Any) -> None:
    """Draw a line with a gap where a value is unknown, and say so if all are."""
    if all(one is None for one in values):
        axes.text(0.5, 0.6, "none", ha="center", transform=axes.transAxes)
    points = [float("nan") if one is None else float(one) for one in values]
    axes.plot(range(len(months)), points, **how)


def _months(axes: Any, months: Sequence[date], unit: str) -> None:
    axes.set_xticks(range(len(months)), [f"{month:%Y-%m}" for month in months])
    axes.set_xlim(-0.4, len(months) - 0.6)
    axes.set_ylabel(unit)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)


def _room(axes: Any, values: Sequence[float]) -> None:
    """Leave room above the values for what is written over them, from zero on."""
    low, high = min([0.0, *values]), max([0.0, *values])
    span = high - low or 1.0
    axes.set_ylim(low - (0.12 * span if low else 0), high + 0.15 * span)
    axes.axhline(0, color="#333333", linewidth=0.8)
    axes.yaxis.set_major_formatter(_tick)


def _tick(value: float, _place: int) -> str:
    return _short(value)


_STEPS = ((10**12, "tn"), (10**9, "bn"), (10**6, "M"), (10**3, "k"))


def _short(value: float) -> str:
    """Return a number in three digits or so: 12.6k, 1.25M."""
    step, letter = next((one for one in _STEPS if abs(value) >= one[0]), (1, ""))
    shown = value / step
    decimals = 2 if abs(shown) < 10 else 1 if abs(shown) < 100 else 0  # noqa: PLR2004
    text = f"{shown:.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if decimals else text) + letter
