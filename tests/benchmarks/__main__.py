"""`make bench`: every benchmark on one new instance, one after the other; figures as JSON."""

import json
import sys

from devbench.stack import Stack
from tests.benchmarks import camera_list, import_register, many_cameras, metrics, recorder_cost, retention

BENCHMARKS = {
	"import": import_register.run,
	"camera-list": camera_list.run,
	"recorder-cost": recorder_cost.run,
	"many-cameras": many_cameras.run,
	"retention": retention.run,
	"metrics": metrics.run,
}


def main(wanted: list[str]) -> None:
	stack = Stack.from_env()
	for name, run in BENCHMARKS.items():
		if not wanted or name in wanted:
			print(json.dumps({name: run(stack)}, indent=1), flush=True)


if __name__ == "__main__":
	main(sys.argv[1:])
