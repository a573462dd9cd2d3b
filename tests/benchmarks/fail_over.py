"""How long cameras are away when the machine that records them dies (kill -9 of all that runs on it, in
namespaces of its own), and when their recorder's process does.

`make bench ARGS="fail-over"`
"""

import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import frappe

from devbench.stack import Stack
from giam_sat_mot_cua.recording import clock
from tests.benchmarks.connection import connected, reconnect
from tests.cameras.server import wait_for
from tests.e2e.test_cut_off import RECORDERS, OtherMachine, ours, stand_by
from tests.open_footage import written_by

ROUNDS = 3
MOST_MACHINE_S, MOST_RECORDER_S = 15, 2


def run(stack: Stack) -> dict:
	with connected():
		machine = [after_a_machine_died(stack) for _round in range(ROUNDS)]
		recorder = [after_a_recorder_died(stack) for _round in range(ROUNDS)]
	return {
		"cameras": len(stack.cameras),
		"machine_died": machine,
		"recorder_died": recorder,
		"asked_s": {"recorded_elsewhere": MOST_MACHINE_S, "lost_of_what_was_recorded": MOST_RECORDER_S},
	}


def after_a_machine_died(stack: Stack) -> dict:
	folder = Path(tempfile.mkdtemp(prefix="gsmc-machine-"))
	machine = OtherMachine(stack, folder)
	everything = set(stack.cameras)
	stack.stop(*RECORDERS)
	try:
		machine.start()
		wait_for(lambda: machine.writes() == everything, 60, "the other machine does not record")
		stand_by(stack)
		time.sleep(8)
		began = clock.now_ms()
		machine.die()
		wait_for(lambda: ours(stack) == everything, 60, "nobody took over")
		return of_gaps(stack, began)
	finally:
		machine.end()
		shutil.rmtree(folder, ignore_errors=True)
		frappe.db.delete("Recorder Node", {"name": machine.host})
		frappe.db.commit()  # recorders look at this table


def after_a_recorder_died(stack: Stack) -> dict:
	wait_for(lambda: all(stack.children(name) for name in RECORDERS), 60, "no recorder stands by")
	time.sleep(8)
	began = clock.now_ms()
	for pid in [pid for name in RECORDERS for pid in stack.children(name)]:
		if written_by(pid):
			os.kill(pid, signal.SIGKILL)
	wait_for(lambda: ours(stack) == set(stack.cameras), 60, "nobody took over")
	return of_gaps(stack, began)


def of_gaps(stack: Stack, died: int) -> dict:
	"""Of the gaps since `died` (UTC, ms), when all are on the ledger: the longest, in s; and how much of what
	had been recorded by then was lost, at most: what the last fragment held."""
	time.sleep(20)
	reconnect()
	filters = {"camera": ("in", stack.cameras), "start_utc": (">", clock.utc_time(died - 5000))}
	rows = frappe.get_all(
		"Recording Gap", filters, ["duration_s", "start_utc", "end_utc"], order_by="start_utc"
	)
	assert len(rows) >= len(stack.cameras) and all(row.end_utc for row in rows), rows
	return {
		"longest_gap_s": max(row.duration_s for row in rows),
		"lost_of_what_was_recorded_s": max((died - clock.utc_ms(row.start_utc)) / 1000 for row in rows),
	}


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
