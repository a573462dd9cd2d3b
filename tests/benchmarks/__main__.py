"""`make bench`: every benchmark on one new instance, one after the other; figures as JSON. Those that take
hours run only when ARGS names them."""

import json
import sys

from devbench.stack import Stack
from tests.benchmarks import (
	camera_list,
	database_away,
	evidence_export,
	evidence_playable,
	fail_over,
	import_register,
	long_run,
	many_cameras,
	metrics,
	recorder_cost,
	retention,
)

BENCHMARKS = {
	"import": import_register.run,
	"camera-list": camera_list.run,
	"recorder-cost": recorder_cost.run,
	"many-cameras": many_cameras.run,
	"database-away": database_away.run,
	"fail-over": fail_over.run,
	"long-run": long_run.run,
	"retention": retention.run,
	"metrics": metrics.run,
	"evidence-playable": evidence_playable.run,
	"evidence-export": evidence_export.run,
}
HOURS_LONG = ("long-run",)


def main(wanted: list[str]) -> None:
	stack = Stack.from_env()
	for name, run in BENCHMARKS.items():
		if name in (wanted or BENCHMARKS.keys() - HOURS_LONG):
			print(json.dumps({name: run(stack)}, indent=1), flush=True)


if __name__ == "__main__":
	main(sys.argv[1:])
