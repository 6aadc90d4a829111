"""What looking at remote jobs costs and how soon it sees their end, in virtual time."""

from __future__ import annotations

from statistics import mean, median

from benchmarks.measure import Figure
from tests.providers.test_polling import WRONG_BY, polled


def polling(runs: int) -> list[Figure]:
    """Lognormal job times (sigma 0.6), four at once, where the catalogue is wrong by up to three times."""
    seen = [job for wrong in WRONG_BY for seed in range(10 * runs) for job in polled(wrong, seed)]
    delays = [delay * 100 for delay, _ in seen]
    requests = [asked for _, asked in seen]
    late = f"mean {mean(delays):.1f} %, of {len(seen)} jobs"
    return [
        Figure("a job's end is seen after it, of the job's time, median", median(delays), 5, "%", late),
        Figure(
            "requests a job: order, looks, result; mean", mean(requests), 12, "", f"median {median(requests)}"
        ),
    ]
