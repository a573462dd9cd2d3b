"""`make clean` removes what devbench made, and only that."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from devbench.__main__ import STATE_VARIABLE
from devbench.places import CLONE


def clean(source: Path, **env: str) -> subprocess.CompletedProcess:
	return subprocess.run(
		[sys.executable, "-m", "devbench", "clean"],
		cwd=source,
		env={"PATH": os.environ["PATH"], "HOME": str(source), **env},
		capture_output=True,
		text=True,
	)


def copy_devbench(target: Path) -> Path:
	shutil.copytree(CLONE / "devbench", target / "devbench", ignore=shutil.ignore_patterns("__pycache__"))
	return target


def test_a_state_that_root_made_is_emptied_and_left_for_root(tmp_path):
	"""The folder of states is root's: the bench's user may empty its own, not remove it."""
	states = tmp_path / "states"
	state = states / "clone-1"
	source = copy_devbench(state / "source")
	(state / "bench/sites").mkdir(parents=True)
	(state / "bench/sites/x").write_text("x")
	states.chmod(0o555)
	try:
		done = clean(source, **{STATE_VARIABLE: str(state)})
		assert done.returncode == 0, done.stderr
		assert list(state.iterdir()) == []
	finally:
		states.chmod(0o755)


def test_an_ordinary_users_state_goes_and_the_clone_stays(tmp_path):
	source = copy_devbench(tmp_path / "clone")
	(source / ".bench/bench").mkdir(parents=True)
	(source / "giam_sat_mot_cua/public/dist").mkdir(parents=True)
	(source / "giam_sat_mot_cua/hooks.py").write_text("")
	done = clean(source)
	assert done.returncode == 0, done.stderr
	assert not (source / ".bench").exists() and not (source / "giam_sat_mot_cua/public/dist").exists()
	assert (source / "giam_sat_mot_cua/hooks.py").exists() and (source / "devbench/places.py").exists()
