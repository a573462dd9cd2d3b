"""Which folder lies in which."""

from pathlib import Path

import frappe
import pytest

from giam_sat_mot_cua.recording import folders


@pytest.mark.parametrize(
	("path", "folder", "is_inside"),
	[
		("a/b", "a", True),
		("a", "a", True),
		("a/", "a", True),
		("a/../a/b", "a", True),
		("ab", "a", False),
		("a", "a/b", False),
		("a/../b", "a", False),
		("link/x", "a", True),
		("a/b", "link", True),
		("loop/x", "a", False),
		("a/" + "b" * 70_000, "a", True),
	],
)
def test_inside_follows_links_and_looks_at_whole_names(tmp_path, path, folder, is_inside):
	(tmp_path / "a").mkdir()
	(tmp_path / "link").symlink_to(tmp_path / "a")
	(tmp_path / "loop").symlink_to(tmp_path / "loop")
	assert folders.inside(f"{tmp_path}/{path}", tmp_path / folder) is is_inside


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Path:
	"""Folders of a bench with two sites, of which the first one has volumes and backups."""
	for site in ("one", "two"):
		(tmp_path / "sites" / site).mkdir(parents=True)
		(tmp_path / "sites" / site / "site_config.json").write_text("{}")
	monkeypatch.setattr(folders.frappe.local, "sites_path", str(tmp_path / "sites"), raising=False)
	monkeypatch.setattr(folders.frappe, "conf", frappe._dict())
	monkeypatch.setattr(folders, "of_volumes", lambda: [tmp_path / "disk/footage"])
	own = tmp_path / "sites/one/private/gsmc-backups"
	monkeypatch.setattr(folders, "of_backups", lambda: [own, tmp_path / "disk/backup"])
	return tmp_path


@pytest.mark.parametrize(
	("path", "refuses_backups", "refuses_footage"),
	[
		("disk/other", False, False),
		("disk/footage/camera", True, False),
		("disk/backup/x", False, True),
		("disk", True, True),
		("sites/one/public/x", True, True),
		("sites/two/public", True, True),
		("sites/two/private/files/x", True, True),
		("sites/one/private/backups", True, True),
		("sites/one/private/gsmc-backups", False, True),
		("sites/one/private/other", False, True),
		("sites/one/footage", False, False),
		("sites/assets/x", True, True),
	],
)
def test_what_may_lie_where(bench, path, refuses_backups, refuses_footage):
	assert folders.refuses_backups(str(bench / path)) is refuses_backups
	assert folders.refuses_footage(str(bench / path)) is refuses_footage
