"""The Administrator is shown the times of the site's zone, not those of the one that Frappe takes for
granted."""

from giam_sat_mot_cua.setup import install


def execute() -> None:
	install.use_site_time_zone()
