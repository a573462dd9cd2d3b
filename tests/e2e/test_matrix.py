"""Every role, every DocType that belongs to units, every way to its records: own rows are seen, those of
other units are neither seen nor counted nor changed. Generated from the DocTypes (matrix_world.py) and from
Frappe's methods (matrix_routes.py), so that what is new cannot be forgotten.

Roles that see the same units and have the same rights on a DocType take turns on the less common routes; with
--whole-matrix each tries every one.
"""

import ast
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote
from zlib import crc32

import frappe
import pytest
import requests

from giam_sat_mot_cua.access import references, roles
from giam_sat_mot_cua.setup import factories
from tests.e2e import matrix_routes as routes
from tests.e2e.matrix_routes import COUNTS, LISTS, RECORD, ROUTES, WRITES, Route, Target
from tests.e2e.matrix_world import (
	COMMUNE,
	DISTRICT,
	GUEST,
	NO_ROLE,
	OTHER_COMMUNE,
	PEOPLE,
	PLACES,
	PROVINCE,
	ROWS,
	UNIT,
	UNSCOPED,
	Person,
	World,
	app_doctypes,
	scoped_doctypes,
)

pytestmark = pytest.mark.quiet
SCOPED = scoped_doctypes()
TRIED = [doctype for doctype in ROWS if doctype in SCOPED]
COMMON = {
	"REST list",
	"client.get_list",
	"list view",
	"link search",
	"client.get_count",
	"reportview.get_count",
	"number card",
	"REST get",
	"form",
	"client.get",
	"REST put",
	"REST delete",
}
TRACES = {
	**references.REFERENCES,
	"DocShare": ("share_doctype", "share_name"),
	"File": ("attached_to_doctype", "attached_to_name"),
	"Reminder": ("reminder_doctype", "reminder_docname"),
}
NEITHER_SEEN_NOR_LOGGED = ("Activity Log", "Notification Log", "Version", "Workflow Action")
KINDS = {
	"test_lists_tell_the_own_units_rows_only": LISTS,
	"test_only_the_own_units_rows_are_counted": COUNTS,
	"test_a_foreign_record_is_told_by_no_route": RECORD,
	"test_a_foreign_record_is_changed_by_no_route": WRITES,
}
SITE_WIDE = (
	"Client Script",
	"Custom DocPerm",
	"Custom Field",
	"DocPerm",
	"Global Search DocType",
	"Module Def",
	"Notification",
	"Print Format",
	"Property Setter",
	"Role",
	"Server Script",
	"Singles",
	"Translation",
	"Web Form",
	"Workflow",
	"Workspace",
)
REFUSED = (401, 403, 404)
AT_ONCE = 4  # people who ask at the same time
OPERATOR = Person(roles.UNIT_OPERATOR, COMMUNE)
ADMINISTRATOR = Person(roles.MONITORING_ADMINISTRATOR, None)


@pytest.fixture(scope="module")
def world(stack) -> Iterator[World]:
	made = World()
	with_details = frappe.db.get_single_value("System Settings", "allow_error_traceback")
	try:
		made.build()
		show_details(True)  # a PDF that fails says whether its record was refused or the program is missing
		frappe.db.commit()  # the running instance has to see it
		yield made
	finally:
		frappe.db.rollback()
		show_details(with_details)
		made.remove()


def show_details(shown: bool) -> None:
	frappe.db.set_single_value("System Settings", "allow_error_traceback", shown)
	frappe.clear_cache()


@pytest.fixture(scope="module")
def ask(stack, world):
	"""`ask(person, route, target)`: the answer that the person gets."""
	threads = threading.local()

	def session(person: Person) -> requests.Session:
		mine = threads.__dict__.setdefault("sessions", {})
		if person not in mine:
			mine[person] = requests.Session()
			if person in world.keys:
				mine[person].headers["Authorization"] = world.keys[person]
		return mine[person]

	def send(person: Person, path: str, arguments: dict, verb: str = "POST") -> requests.Response:
		values = routes.encoded(arguments)
		sent = {"params": values} if verb in ("GET", "DELETE") else {"data": values}
		return session(person).request(verb, stack.url + path, timeout=60, **sent)

	return send


@pytest.fixture(scope="module")
def target(world):
	def make(doctype: str, place: str, person: Person) -> Target:
		meta = frappe.get_meta(doctype)
		texts = [
			df.fieldname
			for df in meta.fields
			if df.fieldtype in ("Data", "Small Text", "Text", "Long Text") and not df.permlevel
		]
		file = frappe.db.get_value("File", {"file_name": ("like", f"{world.word(COMMUNE)}-{doctype}%")})
		return Target(
			doctype=doctype,
			name=world.row(doctype, place),
			meta=meta,
			names=tuple(world.row(doctype, other) for other in PLACES),
			texts=tuple(texts),
			unit_field="unit",
			mark=world.mark,
			extra={
				**world.helpers[doctype],
				"me": world.users.get(person, "Guest"),
				"stranger": world.colleagues[PROVINCE],
				"tag": world.tag,
				"assignee": world.colleagues[place],
				"own": {"unit": world.units[COMMUNE]} if meta.has_field("unit") else {},
				"modified": str(frappe.db.get_value(doctype, world.row(doctype, place), "modified")),
				"file name": file,
				"file": frappe.db.get_value("File", file, "file_url"),
			},
		)

	return make


def may_read(person: Person, doctype: str) -> bool:
	return any(row.role == person.role and row.read for row in rights(doctype))


def rights(doctype: str) -> list:
	return [row for row in frappe.get_meta(doctype).permissions if not row.permlevel]


@cache
def standing(person: Person, doctype: str) -> tuple:
	"""Which units a person sees, and his rights on the DocType."""
	held = [
		(row.permlevel, [row.get(right) for right in frappe.permissions.rights])
		for row in frappe.get_meta(doctype).permissions
		if row.role == person.role
	]
	return person.sees, str(held)


def alike(person: Person, doctype: str) -> list[Person]:
	"""People who see the same units and have the same rights on the DocType."""
	return [other for other in PEOPLE if standing(other, doctype) == standing(person, doctype)]


def is_due(person: Person, doctype: str, route: Route, whole: bool) -> bool:
	if whole or route.name in COMMON:
		return True
	group = alike(person, doctype)
	return group[crc32(f"{doctype} {route.name}".encode()) % len(group)] == person


def pytest_generate_tests(metafunc) -> None:
	"""A test for each DocType and route; `people` try it, at the same time."""
	kind = KINDS.get(metafunc.function.__name__)
	if not kind:
		return
	whole = metafunc.config.getoption("--whole-matrix")
	cases = []
	for doctype in TRIED:
		for route in ROUTES:
			people = [one for one in PEOPLE if one.foreign and is_due(one, doctype, route, whole)]
			if people and route.kind == kind and route.when(frappe.get_meta(doctype)):
				cases.append(pytest.param(people, doctype, route, id=f"{doctype}-{route.name}"))
	metafunc.parametrize(("people", "doctype", "route"), cases)


def together(people: list[Person], route: Route, send: Callable[[Person], object]) -> dict[Person, object]:
	"""What each gets, all asking at once; but for PDFs, whose program asks the web server for files while it
	keeps one of its threads busy."""
	with ThreadPoolExecutor(1 if "PDF" in route.name else AT_ONCE) as pool:
		return dict(zip(people, pool.map(send, people), strict=True))


class Faults:
	"""What went wrong for whom: one person's fault hides nobody else's."""

	def __init__(self):
		self.found: dict[str, str] = {}

	@contextmanager
	def of(self, person: Person) -> Iterator[None]:
		try:
			yield
		except AssertionError as error:
			self.found[person.key] = str(error)


@pytest.fixture
def faults() -> Iterator[Faults]:
	noted = Faults()
	yield noted
	assert not noted.found


def leaks(world: World, person: Person, answer: requests.Response, asked: tuple[str, ...] = ()) -> list[str]:
	"""Words in the answer that the person may not read. What was asked for may be repeated."""
	text = answer.text
	for name in sorted(asked, key=len, reverse=True):
		text = text.replace(name, "").replace(quote(name), "")
	above = {DISTRICT, PROVINCE} if person.home == COMMUNE else {PROVINCE}
	forbidden = [] if person == ADMINISTRATOR else [world.guarded]
	for place in PLACES:
		if place in person.sees:
			continue
		forbidden += [world.word(place), world.colleagues[place]]
		named_by_own_rows = place in above and person.sees
		forbidden += [] if named_by_own_rows else [world.title(place)]
		forbidden += [name for (doctype, of), name in world.rows.items() if of == place and doctype != UNIT]
		forbidden += [] if named_by_own_rows else [world.units[place]]
	return sorted({word for word in forbidden if word in text})


def own_words(world: World, person: Person, doctype: str, place: str) -> tuple[str, ...]:
	return world.word(place), world.row(doctype, place)


def relation(person: Person, doctype: str, route: Route) -> str:
	"""One of the person's foreign places; routes and roles take different ones in turn."""
	return person.foreign[crc32(f"{person.key} {doctype} {route.name}".encode()) % len(person.foreign)]


def filled(route: Route, at: Target) -> str:
	return route.path.format(doctype=quote(at.doctype), name=quote(at.name))


@pytest.mark.parametrize("doctype", app_doctypes())
def test_every_doctype_is_tried_or_known_to_belong_to_no_unit(doctype):
	if doctype in SCOPED:
		assert doctype in ROWS, f"{doctype} belongs to units: give it a row in matrix_world.ROWS"
	else:
		assert doctype in UNSCOPED, f"{doctype} belongs to no unit: say why in matrix_world.UNSCOPED"
		readers = {row.role for row in frappe.get_meta(doctype).permissions if row.read}
		assert readers - {"System Manager"} == UNSCOPED[doctype][0]


def test_nothing_is_registered_that_is_not_there():
	assert set(ROWS) <= set(SCOPED) and set(UNSCOPED) <= set(app_doctypes()) - set(SCOPED)


def test_lists_tell_the_own_units_rows_only(world, ask, target, faults, people, doctype, route):
	asked = {person: request(route, target(doctype, person.foreign[0], person)) for person in people}
	answers = together(people, route, lambda person: ask(person, *asked[person]))
	# Frappe offers no switched-off record
	hidden = "search" in route.name and frappe.get_meta(doctype).has_field("enabled")
	for person, answer in answers.items():
		with faults.of(person):
			assert leaks(world, person, answer) == [], (answer.status_code, answer.text[:500])
			if route.shows_own and may_read(person, doctype) and person.sees and not hidden:
				assert answer.status_code == 200, answer.text[:500]
				for place in person.sees:
					assert any(word in answer.text for word in own_words(world, person, doctype, place)), (
						place
					)


def test_only_the_own_units_rows_are_counted(world, ask, target, faults, people, doctype, route):
	asked = {person: request(route, target(doctype, person.foreign[0], person)) for person in people}

	def both(person: Person) -> tuple[requests.Response, requests.Response]:
		return ask(ADMINISTRATOR, *asked[person]), ask(person, *asked[person])  # the first fills a cache

	for person, (fill, answer) in together(people, route, both).items():
		with faults.of(person):
			assert number(fill) == len(PLACES) or not may_read(ADMINISTRATOR, doctype), fill.text[:300]
			assert leaks(world, person, answer) == [], answer.text[:500]
			if may_read(person, doctype) and person.sees:
				assert number(answer) == len(person.sees), answer.text[:300]
			else:
				assert not number(answer), answer.text[:300]


def number(answer: requests.Response) -> float:
	"""What a count, a card or a chart comes to; 0 for a refusal."""
	if answer.status_code != 200:
		return 0
	told = answer.json().get("message")
	if isinstance(told, dict):
		values = told["datasets"][0]["values"] if "datasets" in told else told["dataPoints"].values()
		return sum(values)
	return told or 0


def test_a_foreign_record_is_told_by_no_route(world, ask, target, faults, people, doctype, route):
	foreign, own = {}, {}
	for person in people:
		places = person.foreign if route.name in COMMON else [relation(person, doctype, route)]
		foreign[person] = [target(doctype, place, person) for place in places]
		if route.shows_own and may_read(person, doctype) and person.sees:
			own[person] = target(doctype, person.sees[-1], person)
	asked = {
		one: [request(route, at) for at in [*foreign[one], *filter(None, [own.get(one)])]] for one in people
	}
	answers = together(people, route, lambda person: [ask(person, *each) for each in asked[person]])
	for person in people:
		with faults.of(person):
			for at, answer in zip(foreign[person], answers[person], strict=False):
				assert leaks(world, person, answer, (at.name,)) == [], (at.name, answer.text[:500])
				without_program = "PDF" in route.name and "wkhtmltopdf" in answer.text
				refused = answer.status_code in (*REFUSED, 200)
				assert refused or without_program, (at.name, answer.text[:500])
			if person in own:
				at, answer = own[person], answers[person][-1]
				assert answer.status_code == 200, answer.text[:500]
				words = own_words(world, person, doctype, person.sees[-1])
				assert any(word in answer.text for word in words)
				assert leaks(world, person, answer, (at.name,)) == [], answer.text[:500]


def test_a_foreign_record_is_changed_by_no_route(world, ask, target, faults, people, doctype, route):
	tried = {person: target(doctype, relation(person, doctype, route), person) for person in people}
	before = {at.name: state(at) for at in tried.values()}
	asked = {person: request(route, at) for person, at in tried.items()}
	answers = together(people, route, lambda person: ask(person, *asked[person]))
	after = {at.name: state(at) for at in tried.values()}
	for person, answer in answers.items():
		at = tried[person]
		with faults.of(person):
			assert leaks(world, person, answer, (at.name,)) == [], answer.text[:500]
			assert after[at.name] == before[at.name], (answer.status_code, answer.text[:300])


def request(route: Route, at: Target) -> tuple[str, dict, str]:
	"""Path, arguments and verb."""
	return filled(route, at), route.arguments(at), route.verb


def state(at: Target) -> dict:
	"""The stored record and what hangs on it."""
	frappe.db.rollback()  # a new look
	found: dict = {"record": frappe.db.get_value(at.doctype, at.name, "*", as_dict=True)}
	for doctype, (type_field, name_field) in TRACES.items():
		if doctype not in NEITHER_SEEN_NOR_LOGGED:
			found[doctype] = frappe.db.count(doctype, {type_field: at.doctype, name_field: at.name})
	task = {"reference_type": at.doctype, "reference_name": at.name, "status": "Open"}
	return {**found, "open tasks": frappe.db.count("ToDo", task)}


@pytest.mark.parametrize("doctype", TRIED)
@pytest.mark.parametrize("role", roles.PROVINCE_ROLES)
def test_province_roles_see_every_unit(world, ask, target, role, doctype):
	person = Person(role, None)
	for name in ("REST list", "client.get_count", "form"):
		route = next(route for route in ROUTES if route.name == name)
		at = target(doctype, COMMUNE, person)
		answer = ask(person, filled(route, at), route.arguments(at), route.verb)
		assert leaks(world, person, answer) == [], answer.text[:300]
		if not may_read(person, doctype):
			assert answer.status_code in REFUSED, answer.text[:300]
		elif name == "REST list":
			assert all(world.row(doctype, place) in answer.text for place in PLACES)
		elif name == "client.get_count":
			assert number(answer) == len(PLACES)
		else:
			assert world.word(COMMUNE) in answer.text


# Frappe's own DocTypes, and all its methods


def site_doctypes() -> list[str]:
	plain = {"istable": 0, "issingle": 0, "is_virtual": 0}
	return frappe.get_all("DocType", plain, pluck="name", order_by="name")


@pytest.mark.parametrize("person", [OPERATOR, Person(NO_ROLE, COMMUNE), Person(GUEST, None)], ids=str)
def test_no_list_of_any_doctype_tells_of_other_units_or_their_people(world, ask, person):
	found = {}
	for doctype in site_doctypes():
		path = f"/api/resource/{quote(doctype)}"
		answer = ask(person, path, {"fields": ["*"], "limit_page_length": 0}, "GET")
		if leaks(world, person, answer):
			found[doctype] = answer.text[:200]
	assert found == {}


def whitelisted() -> dict[str, tuple[list[str], bool]]:
	"""{dotted name: (its arguments, whether a guest may call it)}, read from Frappe's sources."""
	root = Path(frappe.__file__).parent
	found = {}
	for path in sorted(root.rglob("*.py")):
		if {"tests", "node_modules", "public"}.intersection(path.parts) or path.name.startswith("test_"):
			continue
		module = ".".join(["frappe", *path.relative_to(root).with_suffix("").parts]).removesuffix(".__init__")
		for node in ast.parse(path.read_text()).body:
			marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", [])]
			if isinstance(node, ast.FunctionDef) and any("whitelist(" in mark for mark in marks):
				guest = any("allow_guest=True" in mark for mark in marks)
				found[f"{module}.{node.name}"] = ([arg.arg for arg in node.args.args], guest)
	return found


def test_what_is_not_tried_is_there():
	known = whitelisted()
	assert set(routes.UNTRIED) <= set(known)
	assert len(known) > 350


def site_wide() -> dict:
	"""What is the same for all, and changed by administrators only."""
	sums = frappe.db.sql(f"checksum table {', '.join(f'`tab{name}`' for name in SITE_WIDE)}")
	defaults = frappe.db.sql(
		"select parent, defkey, defvalue from tabDefaultValue where parent like '\\_\\_%'"
	)
	held = frappe.get_all("Has Role", {"parenttype": "User"}, ["parent", "role"], order_by="parent, role")
	return {**dict(sums), "defaults": sorted(map(str, defaults)), "roles": list(map(str, held))}


@pytest.mark.parametrize("person", [OPERATOR, Person(GUEST, None)], ids=str)
def test_no_method_of_frappe_tells_or_changes_a_foreign_record(world, ask, target, person):
	"""Every whitelisted method, with a foreign camera and person in all arguments that can name one."""
	at = target("Camera", person.foreign[0], person)
	before, found = state(at) | site_wide(), {}
	for method, (arguments, guest) in whitelisted().items():
		if method in routes.UNTRIED or (person.role == GUEST and not guest):
			continue
		values = {name: routes.ARGUMENTS[name](at) if name in routes.ARGUMENTS else "x" for name in arguments}
		answer = ask(person, f"/api/method/{method}", values)
		told = leaks(world, person, answer, (at.name, *at.names, at.extra["stranger"]))
		now = state(at) | site_wide()
		if told or now != before:
			found[method] = (told, {k: v for k, v in now.items() if v != before[k]}, answer.text[:300])
			before = now
	assert found == {}


# Names of people


PEOPLE_ROUTES = (
	("frappe.desk.search.search_link", {"doctype": "User", "txt": "{mark}", "page_length": 500}),
	(
		"frappe.desk.search.search_link",
		{
			"doctype": "User",
			"txt": "{mark}",
			"page_length": 500,
			"ignore_user_permissions": 1,
			"query": "frappe.core.doctype.user.user.user_query",
		},
	),
	("frappe.desk.search.search_widget", {"doctype": "User", "txt": "", "page_length": 5000}),
	("frappe.desk.search.get_names_for_mentions", {"search_term": "{mark}"}),
	("frappe.client.get_list", {"doctype": "User", "fields": ["name", "full_name"], "limit_page_length": 0}),
	(
		"frappe.desk.reportview.get",
		{"doctype": "User", "fields": ["`tabUser`.`name`", "`tabUser`.`full_name`"], "page_length": 5000},
	),
	("frappe.desk.form.load.get_user_info_for_viewers", {"users": ["{stranger}", "{colleague}"]}),
	("frappe.client.get_value", {"doctype": "User", "fieldname": "full_name", "filters": "{stranger}"}),
	("frappe.client.validate_link", {"doctype": "User", "docname": "{stranger}", "fields": ["full_name"]}),
	("frappe.email.get_contact_list", {"txt": "{mark}"}),
)


@pytest.mark.parametrize(("method", "arguments"), PEOPLE_ROUTES, ids=lambda value: str(value)[:60])
def test_people_of_other_units_are_not_named(world, ask, method, arguments):
	words = {
		"{mark}": world.mark,
		"{stranger}": world.colleagues[DISTRICT],
		"{colleague}": world.colleagues[COMMUNE],
	}
	text = frappe.as_json(arguments)
	for word, value in words.items():
		text = text.replace(word, value)
	answer = ask(OPERATOR, f"/api/method/{method}", frappe.parse_json(text))
	told = leaks(world, OPERATOR, answer, (words["{stranger}"],))
	assert told == [], answer.text[:500]
	if "get_contact_list" not in method and "{stranger}" not in frappe.as_json(arguments):
		assert words["{colleague}"] in answer.text, answer.text[:500]


def test_roles_and_appointments_of_others_are_not_told(world, ask):
	stranger = world.colleagues[DISTRICT]
	for method, values in (
		("frappe.core.doctype.user.user.get_roles", {"uid": stranger}),
		(
			"frappe.desk.doctype.event.event.get_events",
			{"start": "2000-01-01", "end": "2100-01-01", "user": stranger},
		),
		("frappe.desk.leaderboard.get_energy_point_leaderboard", {"date_range": "x"}),
	):
		answer = ask(OPERATOR, f"/api/method/{method}", values)
		assert answer.status_code == 403, (method, answer.text[:300])


# What a query may name

CAMERA, SOUND = "Camera", "frappe.client.get_list"
LINKED = (
	("frappe.client.get_list", {"fields": ["name", "parent_monitored_unit.responsible_head"]}),
	("frappe.client.get_list", {"fields": ["parent_monitored_unit.responsible_head as name"]}),
	("frappe.client.get_list", {"filters": {"parent_monitored_unit.responsible_head": ["like", "%"]}}),
	("frappe.client.get_list", {"filters": [["parent_monitored_unit.address", "like", "%"]]}),
	("frappe.client.get_list", {"or_filters": [[UNIT, "parent_monitored_unit.address", "like", "%"]]}),
	("frappe.client.get_list", {"order_by": "parent_monitored_unit.address"}),
	("frappe.client.get_list", {"group_by": "parent_monitored_unit.address"}),
	("frappe.client.get_list", {"fields": ["max(parent_monitored_unit.address) as a"]}),
	("frappe.client.get_value", {"fieldname": "parent_monitored_unit.address", "filters": "{own}"}),
	("frappe.desk.reportview.get", {"fields": ["parent_monitored_unit.phone"]}),
	("frappe.desk.reportview.get_list", {"fields": ["owner.email"]}),
	(
		"frappe.desk.reportview.export_query",
		{"fields": ["parent_monitored_unit.phone"], "file_format_type": "CSV", "title": "x"},
	),
	("frappe.desk.search.search_widget", {"txt": "", "filter_fields": ["parent_monitored_unit.address"]}),
	("frappe.desk.reportview.get", {"fields": ["`tabMonitored Unit`.`name`"], "order_by": "owner.email"}),
)
PIECES_OF_SQL = (
	("frappe.desk.search.search_widget", {"txt": "", "filters": ["1=1 or 1=1"]}),
	("frappe.desk.search.search_link", {"txt": "", "filters": ["1=1 or 1=1"]}),
	(
		"frappe.desk.search.search_widget",
		{
			"txt": "",
			"filter_fields": [
				"name`, (select max(password) from __Auth) as p, count(`tabMonitored Unit`.name) as `q"
			],
		},
	),
	("frappe.desk.reportview.get_sidebar_stats", {"stats": ["unit_name"], "filters": ["1=1 or 1=1"]}),
	(
		"frappe.desk.reportview.get_filter_dashboard_data",
		{"stats": [{"name": "unit_name", "type": "Data"}], "filters": ["1=1 or 1=1"]},
	),
	(
		"frappe.desk.calendar.get_events",
		{
			"start": "2000-01-01",
			"end": "2100-01-01",
			"filters": ["1=1 or 1=1"],
			"field_map": {"start": "creation", "end": "modified", "title": "unit_name"},
		},
	),
	(
		"frappe.desk.calendar.get_events",
		{
			"start": "2000-01-01",
			"end": "2100-01-01",
			"field_map": {
				"start": "creation,'') or 1=1 or ifnull(creation",
				"end": "modified",
				"title": "unit_name",
			},
		},
	),
	(
		"frappe.desk.doctype.number_card.number_card.get_result",
		{"doc": {"document_type": UNIT, "function": "Count"}, "filters": ["1=1 or 1=1"]},
	),
	(
		"frappe.desk.doctype.number_card.number_card.get_result",
		{
			"doc": {
				"document_type": UNIT,
				"function": "Maximum",
				"aggregate_function_based_on": "(select 1 from tabUser)",
			},
			"filters": [],
		},
	),
	("frappe.client.get_list", {"order_by": "locate('a', phone)"}),
	("frappe.desk.form.utils.get_next", {"value": "{own}", "prev": 0, "filters": ["1=1 or 1=1"]}),
	("frappe.desk.listview.get_group_by_count", {"current_filters": ["1=1 or 1=1"], "field": "unit_name"}),
)


@pytest.mark.parametrize(
	("method", "arguments"), [*LINKED, *PIECES_OF_SQL], ids=lambda value: str(value).replace(" ", "")[:90]
)
def test_a_query_names_the_records_own_columns_only(world, ask, method, arguments):
	text = frappe.as_json({"doctype": UNIT, **arguments}).replace("{own}", world.units[COMMUNE])
	for person in (OPERATOR, Person(roles.UNIT_LEADER, DISTRICT)):
		answer = ask(person, f"/api/method/{method}", frappe.parse_json(text))
		assert answer.status_code == 403, answer.text[:500]
		assert leaks(world, person, answer) == [], answer.text[:500]


def test_the_refusal_is_told_in_vietnamese(stack, session):
	"""By session, as the Desk asks."""
	values = {"doctype": UNIT, "fields": '["parent_monitored_unit.phone"]'}
	answer = session(roles.UNIT_OPERATOR).post(
		f"{stack.url}/api/method/frappe.client.get_list", data=values, timeout=60
	)
	assert answer.status_code == 403 and "Tài khoản của bạn không được" in str(answer.json()), answer.text


def test_a_query_by_address_is_looked_at_too(ask):
	for arguments in (
		{"fields": ["parent_monitored_unit.address"]},
		{"filters": [["Monitored Unit", "parent_monitored_unit.address", "like", "%"]]},
		{"order_by": "parent_monitored_unit.address"},
	):
		for path in ("/api/resource/Monitored%20Unit", "/api/v2/document/Monitored%20Unit"):
			answer = ask(OPERATOR, path, arguments, "GET")
			assert answer.status_code in (403, 404), answer.text[:300]


@pytest.mark.parametrize("child", ["Unit Superior", "Camera Using Unit"])
def test_rows_of_tables_are_not_listed_without_their_record(ask, child):
	for parent in (UNIT, "Camera"):
		values = {"doctype": child, "parent": parent, "fields": ["*"], "limit_page_length": 0}
		answer = ask(OPERATOR, "/api/method/frappe.client.get_list", values)
		assert answer.status_code == 403, answer.text[:300]


GUARDED = (
	{"filters": [["Camera", "mac_address", "like", "%a%"]]},
	{"filters": {"mac_address": ["like", "%a%"]}},
	{"fields": {"mac_address": ["like", "%a%"]}},
	{"or_filters": [["mac_address", "like", "%a%"]]},
	{"order_by": "mac_address desc"},
	{"order_by": "`tabCamera`.`mac_address` desc"},
	{"group_by": "mac_address"},
	{"fields": ["name", "max(mac_address) as a"]},
	{"fields": ["name", "count(distinct mac_address) as a"]},
	{"filters": [["Camera", "stream_url", "like", "%a%"]]},
)


@pytest.mark.parametrize("query", GUARDED, ids=lambda query: str(query).replace(" ", "")[:70])
def test_guarded_columns_are_not_searched_or_sorted_by(world, ask, query):
	for method in ("frappe.client.get_list", "frappe.desk.reportview.get"):
		for person in (
			OPERATOR,
			Person(roles.MONITORING_OPERATOR, None),
			Person(roles.MONITORING_AUDITOR, None),
		):
			answer = ask(person, f"/api/method/{method}", {"doctype": "Camera", **query})
			assert answer.status_code == 403, (person, answer.text[:300])
	if "distinct" not in str(query) and "fields" not in query:
		answer = ask(ADMINISTRATOR, "/api/method/frappe.client.get_list", {"doctype": "Camera", **query})
		assert answer.status_code == 200, answer.text[:300]


def test_what_the_desk_asks_for_is_answered(world, ask):
	"""Titles of links, columns of tables, groups and functions, as Frappe's list and report views send."""
	for doctype, arguments in (
		("Camera", {"fields": ["`tabCamera`.`name`", "unit.unit_name as unit_unit_name"]}),
		("Camera", {"fields": ["`tabCamera`.`name`", "`tabCamera Using Unit`.`unit`"]}),
		("Camera", {"fields": ["name", "using_units.unit"]}),
		("Camera", {"fields": ["name"], "filters": [["Camera Using Unit", "unit", "=", "x"]]}),
		("Camera", {"fields": ["count(`tabCamera`.`name`) as n"], "group_by": "`tabCamera`.`unit`"}),
		("Camera", {"fields": ["*"], "order_by": "`tabCamera`.`modified` desc, name asc"}),
		("Monitored Unit", {"fields": ["name", "unit_level.level_name as unit_level_level_name"]}),
	):
		values = {"doctype": doctype, **arguments}
		answer = ask(OPERATOR, "/api/method/frappe.desk.reportview.get", values)
		assert answer.status_code == 200, (arguments, answer.text[:500])
		assert leaks(world, OPERATOR, answer) == []
	values = {"doctype": UNIT, "fields": ["name", "parent_monitored_unit.responsible_head as head"]}
	for_all = ask(ADMINISTRATOR, "/api/method/frappe.client.get_list", values)
	assert for_all.status_code == 200, for_all.text[:300]


@pytest.mark.parametrize(
	("method", "arguments"),
	[
		(
			"frappe.model.mapper.map_docs",
			{"method": "frappe.client.get_count", "source_names": ["Camera"], "target_doc": "[]"},
		),
		(
			"frappe.model.mapper.make_mapped_doc",
			{"method": "frappe.email.get_contact_list", "source_name": ""},
		),
		(
			"frappe.desk.treeview.get_all_nodes",
			{"doctype": "Camera", "label": "x", "parent": "{}", "tree_method": "frappe.client.get_count"},
		),
		(
			"frappe.desk.treeview.get_all_nodes",
			{"doctype": "Camera", "label": "x", "parent": "*", "tree_method": "frappe.client.get_list"},
		),
		(
			"frappe.desk.search.search_widget",
			{"doctype": "Camera", "txt": "*", "query": "frappe.client.get_list"},
		),
		(
			"frappe.desk.search.search_link",
			{"doctype": "Camera", "txt": "*", "query": "frappe.client.get_count"},
		),
	],
)
def test_no_method_is_called_in_turn_that_was_not_made_for_it(ask, method, arguments):
	answer = ask(OPERATOR, f"/api/method/{method}", arguments)
	assert answer.status_code == 403, answer.text[:300]


# Shares, tasks, files


def test_records_are_not_shared_by_anybody(world):
	for doctype in TRIED:
		share = {"doctype": "DocShare", "share_doctype": doctype, "share_name": world.row(doctype, DISTRICT)}
		for whom in ({"user": world.users[OPERATOR]}, {"everyone": 1}):
			with pytest.raises(frappe.PermissionError):
				frappe.get_doc({**share, **whom, "read": 1}).insert(ignore_permissions=True)
	frappe.db.rollback()


def test_shares_from_elsewhere_are_removed(world):
	share = frappe.get_doc(
		{
			"doctype": "DocShare",
			"share_doctype": "Camera",
			"share_name": world.row("Camera", DISTRICT),
			"user": world.users[OPERATOR],
			"read": 1,
		}
	)
	share.db_insert()
	references.remove_shares()
	assert not frappe.db.exists("DocShare", share.name)
	frappe.db.rollback()


def test_a_task_is_given_to_who_sees_the_record(world, ask):
	camera = world.row("Camera", COMMUNE)
	values = {"doctype": "Camera", "name": camera, "description": "x"}
	leader = Person(roles.UNIT_LEADER, COMMUNE)
	stranger = world.colleagues[OTHER_COMMUNE]
	refused = ask(leader, "/api/method/frappe.desk.form.assign_to.add", {**values, "assign_to": [stranger]})
	assert refused.status_code == 403, refused.text[:300]
	colleague = world.users[OPERATOR]
	given = ask(leader, "/api/method/frappe.desk.form.assign_to.add", {**values, "assign_to": [colleague]})
	assert given.status_code == 200 and colleague in given.text, given.text[:300]
	frappe.db.rollback()
	assert not frappe.db.exists("ToDo", {"reference_name": camera, "allocated_to": stranger})


def test_files_of_records_are_private(world, ask):
	values = {
		"doctype": "Camera",
		"docname": world.row("Camera", COMMUNE),
		"filename": "x.txt",
		"filedata": "x",
		"is_private": 0,
	}
	answer = ask(ADMINISTRATOR, "/api/method/frappe.client.attach_file", values)
	assert answer.status_code == 417, answer.text[:300]


def test_private_files_of_others_are_not_read(world, ask):
	"""Frappe's own rule for files that hang on nothing still counts."""
	file = {"doctype": "File", "file_name": f"{world.mark}.txt", "content": world.mark, "is_private": 1}
	made = ask(Person(roles.UNIT_LEADER, DISTRICT), "/api/method/frappe.client.insert", {"doc": file})
	assert made.status_code == 200, made.text[:300]
	try:
		url = made.json()["message"]["file_url"]
		assert ask(OPERATOR, url, {}, "GET").status_code == 403
		name = made.json()["message"]["name"]
		assert ask(OPERATOR, f"/api/resource/File/{name}", {}, "GET").status_code == 403
	finally:
		frappe.db.rollback()
		frappe.delete_doc("File", made.json()["message"]["name"], force=True)
		frappe.db.commit()  # the running instance is to be as before


def test_files_of_foreign_records_are_not_read(world, ask):
	for place in OPERATOR.foreign:
		hung = {"attached_to_doctype": "Camera", "attached_to_name": world.row("Camera", place)}
		url = frappe.db.get_value("File", hung, "file_url")
		answer = ask(OPERATOR, url, {}, "GET")
		assert answer.status_code == 403, answer.text[:300]
	own = {"attached_to_doctype": "Camera", "attached_to_name": world.row("Camera", COMMUNE)}
	assert ask(OPERATOR, frappe.db.get_value("File", own, "file_url"), {}, "GET").status_code == 200


def test_a_private_file_is_not_claimed_by_its_address(world, ask):
	"""Whoever makes a record of a file may read the file: not one that he cannot read anyway."""
	foreign = {"attached_to_doctype": "Camera", "attached_to_name": world.row("Camera", DISTRICT)}
	url = frappe.db.get_value("File", foreign, "file_url")
	for address in (url, "/private/files/not-known.txt"):
		file = {"doctype": "File", "file_name": "x.txt", "file_url": address, "is_private": 1}
		answer = ask(OPERATOR, "/api/method/frappe.client.insert", {"doc": file})
		assert answer.status_code == 403, answer.text[:300]
	assert ask(OPERATOR, url, {}, "GET").status_code == 403


def test_a_foreign_file_is_not_hung_elsewhere(world, ask):
	foreign = {"attached_to_doctype": "Camera", "attached_to_name": world.row("Camera", DISTRICT)}
	values = {
		"doctype": "User",
		"name": world.users[OPERATOR],
		"attachments": [frappe.db.get_value("File", foreign, "name")],
	}
	answer = ask(OPERATOR, "/api/method/frappe.utils.file_manager.add_attachments", values)
	assert answer.status_code == 403, answer.text[:300]


def test_a_chart_over_guarded_columns_is_not_stored(world):
	frappe.set_user(world.users[Person(roles.MONITORING_OPERATOR, None)])
	try:
		with pytest.raises(frappe.PermissionError):
			frappe.get_doc(
				{
					"doctype": "Number Card",
					"label": factories.code(),
					"document_type": "Camera",
					"type": "Document Type",
					"function": "Count",
					"filters_json": '[["Camera", "mac_address", "like", "%a%"]]',
				}
			).insert(ignore_permissions=True)
	finally:
		frappe.set_user("Administrator")
		frappe.db.rollback()
