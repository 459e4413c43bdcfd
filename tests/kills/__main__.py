"""SIGKILL to real Airflow at named steps of the ledger: `python -m tests.kills`.

Prints a table of kills per point and victim, and whether the books are the ones of a run that
nobody disturbed. Exit status 1 when anything differs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from coupling_sandbox.demo.http import ask

from tests.kills import points
from tests.kills.campaign import Campaign, Figures
from tests.kills.stack import Stack
from tests.stopping import stop_as_by_ctrl_c

PLANS = {
    "local": lambda: points.both(
        points.every_victim(points.CORE, points.LOCAL),
        points.in_turn(points.MORE, ("task", "database")),
    ),
    "celery": lambda: points.every_victim(points.CORE, points.CELERY),
    "smoke": lambda: points.in_turn(points.SMOKE, points.LOCAL),
}


def main(argv: list[str]) -> int:
    """Run one campaign; 0 when the books are right."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--plan", choices=sorted(PLANS), default="local")
    parser.add_argument("--orders", type=int, default=140)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", default="", metavar="A,B", help="only at these points")
    parser.add_argument("--minutes", type=float, default=600, help="stop killing after these")
    parser.add_argument("--keep", action="store_true", help="keep the logs")
    options = parser.parse_args(argv)
    stop_as_by_ctrl_c()
    plan = PLANS[options.plan]()
    if options.points:
        plan = {point: plan[point] for point in options.points.split(",")}
    home = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        figures = campaign(
            home,
            points.mixed(plan, options.seed),
            orders=options.orders,
            seed=options.seed,
            celery=options.plan == "celery",
            minutes=options.minutes,
            disturbances=points.DISTURBED if options.plan == "local" else None,
        )
    finally:
        if options.keep:
            sys.stdout.write(f"logs: {home}\n")
        else:
            shutil.rmtree(home, ignore_errors=True)
    sys.stdout.write(table(figures))
    return 1 if figures.wrong else 0


def campaign(
    home: Path,
    plan: dict[str, list[str]],
    *,
    orders: int,
    seed: int,
    celery: bool = False,
    minutes: float = 600,
    disturbances: dict[str, list[str]] | None = None,
) -> Figures:
    """Everything from empty sandboxes to the comparison."""
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=30)
    window = ((until - timedelta(days=30)).isoformat(), until.isoformat())
    with ExitStack() as stack:
        parts = Stack(home, stack, celery=celery)
        if not parts.has_database:
            plan = {
                point: [v if v != "database" else "task" for v in victims]
                for point, victims in plan.items()
            }
        seller = {"seed": seed, "orders": orders, "from": window[0], "to": window[1]}
        seller |= {"refunded": 0.15, "period_days": 7}
        ask("POST", f"{parts.addresses.amazon}/control/seed", seller)
        return Campaign(parts, plan, window, _say, minutes=minutes, disturbances=disturbances).run()


def table(figures: Figures) -> str:
    """Kills per point and victim, and the result, to be read."""
    victims = sorted({victim for victim, _ in figures.kills})
    names = list(dict.fromkeys(point for _, point in figures.kills))
    lines = [f"{'':14}" + "".join(f"{victim:>12}" for victim in victims)]
    for point in names:
        counts = "".join(f"{figures.kills[victim, point]:>12}" for victim in victims)
        lines.append(f"{point:14}{counts}")
    totals = "".join(
        f"{sum(n for (v, _), n in figures.kills.items() if v == victim):>12}" for victim in victims
    )
    lines.append(f"{'all':14}{totals}")
    lines.append("")
    lines.append(f"{figures.kills.total()} kills at {len(names)} points, {figures.seconds:.0f} s")
    also = ", ".join(f"{n} x {name}" for name, n in sorted(figures.also.items()))
    lines.append(f"beside them: {also or 'nothing'}")
    if figures.not_reached:
        lines.append(f"planned, not reached: {figures.not_reached}")
    lines.append(f"two processes in the ledger at once: {figures.overlaps} times")
    lines.append(f"{figures.posting_lines} posting lines compared")
    lines += [f"WRONG {found}" for found in figures.wrong] or ["equal to the undisturbed run"]
    return "\n".join(lines) + "\n"


def _say(text: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
