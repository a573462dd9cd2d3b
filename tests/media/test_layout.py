import os

import pytest

from giam_sat_mot_cua.media import layout

START = 1_795_524_705_007  # 2026-11-24 12:51:45.007 UTC


def test_path_and_back():
	path = layout.file_path("NB-HL-01", START)
	assert path == "NB-HL-01/2026/11/24/125145007.mp4"
	assert layout.parse_path(path) == ("NB-HL-01", START)


@pytest.mark.parametrize(
	"path",
	[
		"a/2026/11/24/125145007.txt",
		"a/2026/13/24/125145007.mp4",
		"a/2026/11/24/995145007.mp4",
		"../2026/11/24/125145007.mp4",
		"a/b/2026/11/24/125145007.mp4",
		"a/latest.jpg",
	],
)
def test_foreign_paths_are_refused(path):
	with pytest.raises(ValueError):
		layout.parse_path(path)


@pytest.mark.parametrize("camera", ["", ".", "..", ".hidden", "a/b", "ố", "x" * 65, "a b"])
def test_camera_ids_that_are_no_folder_names(camera):
	with pytest.raises(ValueError):
		layout.file_path(camera, START)


def test_files_are_found_by_camera_and_time(tmp_path):
	starts = [START, START + 60_000, START + 90_000_000]
	for camera in ("a", "b"):
		for start in starts:
			file = tmp_path / layout.file_path(camera, start)
			file.parent.mkdir(parents=True, exist_ok=True)
			file.write_bytes(b"12345")
	(tmp_path / "a/latest.jpg").write_bytes(b"")
	(tmp_path / "a/2026/11/24/note.txt").write_bytes(b"")
	assert [found[1:] for found in layout.iter_files(tmp_path, "a")] == [(start, 5) for start in starts]
	assert [camera.split("/")[0] for camera, _s, _b in layout.iter_files(tmp_path)] == ["a"] * 3 + ["b"] * 3
	within = layout.iter_files(tmp_path, "a", from_utc_ms=starts[1], to_utc_ms=starts[2])
	assert [start for _path, start, _size in within] == [starts[1]]
	assert list(layout.iter_files(tmp_path, "none")) == []


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "a/\0", "link/x"])
def test_paths_that_leave_the_volume_are_refused(tmp_path, path):
	volume = tmp_path / "volume"
	volume.mkdir()
	os.symlink(tmp_path, volume / "link")
	with pytest.raises(ValueError):
		layout.safe_join(volume, path)
