"""How long a whole province takes: 151 units and 400 cameras from one Excel file, over HTTP and RQ, on a
running instance. `python -m tests.benchmarks.import_register` with the environment that `make test` sets."""

import json
import secrets
import time

from devbench.stack import Stack
from giam_sat_mot_cua.setup.factories import xlsx
from tests.benchmarks.connection import log_in
from tests.e2e.register_import import Importer, cameras, units

UNITS, CAMERAS = 151, 400
LONGEST_S = 60


def run(stack: Stack) -> dict:
	"""Seconds of upload, check and import, and of the two together; rows; progress seen on the way."""
	prefix = "BM" + secrets.token_hex(3).upper()
	rows = units(prefix, UNITS - 14)[-UNITS:]
	homes = [row["Mã đơn vị"] for row in rows if row["Cấp đơn vị"] == "Cấp xã"]
	content = xlsx({"Đơn vị": rows, "Camera": cameras(prefix, CAMERAS, homes)})
	importer = Importer(stack, log_in(stack, "Monitoring Administrator"))
	times = {"file_bytes": len(content), "units": len(rows), "cameras": CAMERAS}
	began = time.monotonic()
	answer = importer.upload(content)
	assert answer.status_code == 200, answer.text
	times["upload_s"] = round(time.monotonic() - began, 2)
	for method, outcome in (("check", "Checked"), ("run", "Imported")):
		begin = time.monotonic()
		record = importer.finish(method)
		times[f"{method}_s"] = round(time.monotonic() - begin, 2)
		assert record["status"] == outcome, record
	times["total_s"] = round(time.monotonic() - began, 2)
	times["target_s"] = LONGEST_S
	return times


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
