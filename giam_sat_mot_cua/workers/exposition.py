"""Prometheus' text format 0.0.4, in which a scraper reads measurements.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTER, GAUGE = "counter", "gauge"


@dataclass
class Family:
	"""Measurements of one name. `samples` holds (labels, value)."""

	name: str
	kind: str
	help: str
	samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

	def add(self, value: float, **labels: str | None) -> None:
		"""A measurement; labels without a value are left out."""
		self.samples.append(({k: v for k, v in labels.items() if v is not None}, value))


def render(families: Iterable[Family]) -> str:
	lines = []
	for family in families:
		lines.append(f"# HELP {family.name} {escape_help(family.help)}")
		lines.append(f"# TYPE {family.name} {family.kind}")
		lines += [f"{family.name}{labels_text(labels)} {number(value)}" for labels, value in family.samples]
	return "\n".join(lines) + "\n"


def labels_text(labels: Mapping[str, str]) -> str:
	if not labels:
		return ""
	return "{" + ",".join(f'{name}="{escape(value)}"' for name, value in labels.items()) + "}"


def escape(value: str) -> str:
	return str(value).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def escape_help(text: str) -> str:
	return text.replace("\\", r"\\").replace("\n", r"\n")


def number(value: float) -> str:
	if value != value:
		return "NaN"
	if value in (float("inf"), float("-inf")):
		return "+Inf" if value > 0 else "-Inf"
	return str(int(value)) if value == int(value) else repr(float(value))
