"""The tables that are printed."""

from dataclasses import dataclass

from .load import median


@dataclass
class Target:
    """What was to be reached, and what was measured. at_least: or at most."""

    name: str
    what: str
    measured: float
    wanted: float
    at_least: bool = True
    ours: str = ""
    theirs: str = ""

    @property
    def is_reached(self):
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted


METRIC_GROWTH, METRIC_MILLISECONDS = 2, 50

FIGURES = (("rate", 0), ("p50", 1), ("p99", 1), ("longest", 1), ("service_cpu", 0),
           ("database_cpu", 0))


def _figure(value, digits):
    return f"{value:.{digits}f}" if value else "–"


def _print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(flush=True)


def print_targets(targets):
    rows = [("#", "what", "clmd", "against", "measured", "wanted", "reached")]
    for target in targets:
        rows.append((target.name, target.what, target.ours, target.theirs,
                     f"{target.measured:.2f}",
                     f"{'≥' if target.at_least else '≤'} {target.wanted:.4g}",
                     "yes" if target.is_reached else "**no**"))
    _print_table(rows)


def print_samples(samples):
    """samples: name of the contestant → what was measured of it in each round."""
    rows = [("contestant", "events/s", "p50 ms", "p99 ms", "longest ms",
             "CPU µs/event: service", "database")]
    for name, rounds in samples.items():
        rows.append((name, *(_figure(median(rounds, figure), digits)
                             for figure, digits in FIGURES)))
    _print_table(rows)


@dataclass
class Reading:
    """How long an answer took of the short and of the long history, and what CPU of service and
    database, in milliseconds."""

    question: str
    rows: int
    short: float
    long: float
    short_cpu: float
    long_cpu: float

    @property
    def growth(self):
        return self.long / self.short

    @property
    def is_reached(self):
        return self.growth <= METRIC_GROWTH and self.long < METRIC_MILLISECONDS


def print_readings(readings):
    rows = [("GET", "rows", "ms, short history", "ms, long history", "ratio",
             "CPU ms, short", "CPU ms, long", "reached")]
    for reading in readings:
        rows.append((reading.question, str(reading.rows), f"{reading.short:.1f}",
                     f"{reading.long:.1f}", f"{reading.growth:.2f}",
                     f"{reading.short_cpu:.1f}", f"{reading.long_cpu:.1f}",
                     "yes" if reading.is_reached else "**no**"))
    _print_table(rows)
