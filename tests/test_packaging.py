"""What ships: a wheel holds what Frappe looks for, and the links at the top are what they should be."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_links_lead_to_the_real_folders():
	for name in ("fixtures", "patches"):
		assert (ROOT / "giam_sat_mot_cua" / name).is_symlink()
		assert (ROOT / "giam_sat_mot_cua" / name).resolve() == ROOT / name


def test_a_wheel_holds_fixtures_patches_and_records(tmp_path):
	command = [
		sys.executable,
		"-m",
		"pip",
		"wheel",
		"-q",
		"--no-deps",
		"--no-build-isolation",
		"-w",
		tmp_path,
		ROOT,
	]
	done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
	assert done.returncode == 0, done.stdout + done.stderr
	names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
	app = ROOT / "giam_sat_mot_cua"
	for path in [*(ROOT / "fixtures").iterdir(), *(ROOT / "patches").rglob("*.py")]:
		assert f"giam_sat_mot_cua/{path.relative_to(ROOT)}" in names
	for pattern in (
		"**/doctype/*/*.json",
		"**/workspace/*/*.json",
		"translations/*.csv",
		"*.txt",
		"public/js/*.js",
		"media/evidence/fonts/*",
		"media/evidence/page/*",
	):
		found = [path for path in app.glob(pattern) if "node_modules" not in path.parts]
		assert found
		for path in found:
			assert str(path.relative_to(ROOT)) in names
	assert not [name for name in names if name.startswith(("tests/", "devbench/"))]
