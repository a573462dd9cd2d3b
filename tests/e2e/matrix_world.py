"""Two districts with two communes each under a province, a person of every role, and a row of every DocType
in every unit, with words in all texts by which a leak is found in the raw answer.

A new DocType that belongs to units gets a factory in ROWS, one that does not a line in UNSCOPED; without
either, test_matrix.py fails and names it.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

import frappe
from frappe.desk.doctype.tag.tag import add_tag
from frappe.utils.password import set_encrypted_password

from giam_sat_mot_cua.access import records, roles
from giam_sat_mot_cua.evidence import access_log, log_chain, packages
from giam_sat_mot_cua.recording import clock, gap_ledger, health_events, hour_index
from giam_sat_mot_cua.setup import factories

UNIT = "Monitored Unit"
TEXTS = ("Data", "Small Text", "Text", "Long Text", "Text Editor", "Code", "Markdown Editor")
PROVINCE, DISTRICT, OTHER_DISTRICT = "province", "district", "other district"
COMMUNE, SIBLING, OTHER_COMMUNE = "commune", "sibling", "commune of another district"
PLACES = {  # place: (level, superior)
	PROVINCE: ("PROVINCE", None),
	DISTRICT: ("DISTRICT", PROVINCE),
	OTHER_DISTRICT: ("DISTRICT", PROVINCE),
	COMMUNE: ("COMMUNE", DISTRICT),
	SIBLING: ("COMMUNE", DISTRICT),
	OTHER_COMMUNE: ("COMMUNE", OTHER_DISTRICT),
	"second commune of another district": ("COMMUNE", OTHER_DISTRICT),
}
SEEN = {DISTRICT: (DISTRICT, COMMUNE, SIBLING), COMMUNE: (COMMUNE,)}
FOREIGN = {  # relations of Article 6: beside, above, elsewhere
	DISTRICT: (OTHER_DISTRICT, PROVINCE, OTHER_COMMUNE),
	COMMUNE: (SIBLING, DISTRICT, OTHER_COMMUNE),
}
NO_ROLE, GUEST = "no role", "Guest"


def camera(world: "World", place: str):
	return factories.camera(world.units[place], geo_location=POINT)


def recording_hour(world: "World", place: str):
	of = world.row("Camera", place)
	name = hour_index.row_name(of, world.now_ms)
	hour_index.insert_row(name, of, world.units[place], clock.hour_of(world.now_ms), {"files": ""})
	return frappe.get_doc("Recording Hour", name)


def recording_gap(world: "World", place: str):
	of = world.row("Camera", place)
	gap_ledger.insert(of, world.units[place], world.now_ms, world.now_ms + 60_000, "network")
	return frappe.get_doc("Recording Gap", gap_ledger.gap_name(of, world.now_ms))


def connection_reveal(world: "World", place: str):
	doc = frappe.new_doc("Connection Reveal")
	doc.update({"camera": world.row("Camera", place), "reason": "Kiểm tra đường truyền"})
	doc.update({"revealed_by": "Administrator", "revealed_at": frappe.utils.now()})
	doc.flags.by_reveal = True
	return doc.insert()


def health_event(world: "World", place: str):
	name = health_events.report("Camera Not Recorded", camera=world.row("Camera", place))
	return frappe.get_doc("Health Event", name)


def legal_hold(world: "World", place: str):
	begin = clock.site_time(world.now_ms)
	row = {
		"camera": world.row("Camera", place),
		"from_time": begin,
		"to_time": begin + timedelta(hours=1),
	}
	return factories.insert(doctype="Legal Hold", title="Giữ lại", basis="Công văn thử", cameras=[row])


def maintenance_order(world: "World", place: str):
	day = frappe.utils.add_days(frappe.utils.now_datetime(), 400)
	return factories.maintenance_order([world.row("Camera", place)], begin=day)


def monitoring_account(world: "World", place: str):
	return factories.insert(
		doctype="Monitoring Account",
		full_name="Người Thử",
		email=f"{factories.code('mt').lower()}@giamsat.example",
		unit=world.units[place],
		position="OPERATOR",
	)


def written(doctype: str) -> Callable:
	"""A row of a DocType that the system writes, with the unit and the account of the place."""

	def make(world: "World", place: str):
		doc = frappe.new_doc(doctype)
		account = world.row("Monitoring Account", place)
		doc.update({"unit": world.units[place], "name": factories.code("MT")})
		for df in doc.meta.get("fields", {"options": "Monitoring Account", "fieldtype": "Link"}):
			doc.set(df.fieldname, account)
		doc.db_insert()
		return doc

	return make


def extraction_request(world: "World", place: str):
	"""Submitted, so that others than who made it see it."""
	end = clock.site_time(world.now_ms - 3_600_000)
	row = {"camera": world.row("Camera", place), "from_time": end - timedelta(minutes=5), "to_time": end}
	doc = factories.insert(
		doctype="Extraction Request",
		purpose="Giải quyết phản ánh",
		legal_basis="Luật Khiếu nại",
		requester_name="Người đề nghị",
		ranges=[row],
	)
	frappe.db.set_value(doc.doctype, doc.name, {"status": "Submitted", "workflow_state": "Submitted"})
	return doc


def footage_application(world: "World", place: str):
	end = clock.site_time(world.now_ms - 3_600_000)
	doc = frappe.new_doc("Footage Application")
	doc.update({"requester_name": "Người đề nghị", "unit": world.units[place], "wanted": "Quầy số 1"})
	doc.update({"from_time": end - timedelta(minutes=5), "to_time": end, "identity_number": "1"})
	doc.update({"purpose": "Giải quyết phản ánh", "legal_basis": "Luật Khiếu nại"})
	doc.identity_paper = "Identity Card"
	doc.flags.by_system = True
	doc.flags.ignore_mandatory = True  # without a scan
	return doc.insert()


def evidence_package(world: "World", place: str):
	name = packages.ask_for(frappe.get_doc("Extraction Request", world.row("Extraction Request", place)))
	packages.write(name, status=packages.REMOVED)  # nobody makes it
	return frappe.get_doc("Evidence Package", name)


def footage_access_log(world: "World", place: str):
	"""With its words from the beginning: a row that is changed breaks the chain."""
	name = access_log.note("Played Back", world.row("Camera", place), reason=world.word(place))
	return frappe.get_doc("Footage Access Log", name)


# DocTypes that belong to units: a row of the unit at `place`. In an order in which each finds what it needs.
ROWS: dict[str, Callable] = {
	UNIT: lambda world, place: frappe.get_doc(UNIT, world.units[place]),
	"Camera": camera,
	"Recording Hour": recording_hour,
	"Recording Gap": recording_gap,
	"Connection Reveal": connection_reveal,
	"Extraction Request": extraction_request,
	"Evidence Package": evidence_package,
	"Footage Access Log": footage_access_log,
	"Footage Application": footage_application,
	"Health Event": health_event,
	"Legal Hold": legal_hold,
	"Maintenance Order": maintenance_order,
	"Monitoring Account": monitoring_account,
	"Account Login": written("Account Login"),
	"Account Review Entry": written("Account Review Entry"),
	"Approval Delegation": written("Approval Delegation"),
	"Shared Login Report": written("Shared Login Report"),
}
# Texts that a program reads, so that a word in them would break the record
UNMARKED = {
	UNIT: ("unit_code", "phone", "email"),
	"Camera": ("camera_code", "mac_address"),
	"Extraction Request": ("status", "workflow_state"),
	"Recording Hour": ("files",),
	"Footage Access Log": (*log_chain.FIELDS, "previous_hash", "row_hash"),
}

EVERYBODY = frozenset(roles.ALL_ROLES)
MANAGING = frozenset(roles.PROVINCE_ROLES) - {roles.INTAKE_DESK_OFFICER}
# DocTypes that belong to no unit: (who reads them, why that tells nothing of a unit)
UNSCOPED: dict[str, tuple[frozenset[str], str]] = {
	"Account Review": (frozenset(roles.PROVINCE_ROLES), "campaigns of the managing unit, without their rows"),
	"Administrative Profile": (EVERYBODY, "tiers of the administration"),
	"Backup Run": (MANAGING, "backups of the whole system, without their content"),
	"Monitoring Settings": (
		frozenset({roles.MONITORING_ADMINISTRATOR, roles.MONITORING_AUDITOR}),
		"numbers for the whole system",
	),
	"Position": (EVERYBODY, "names of positions"),
	"Recorder Node": (MANAGING, "servers of the managing unit"),
	"Register Import": (
		frozenset({roles.MONITORING_ADMINISTRATOR}),
		"files of the whole register, for those who import it",
	),
	"Retention Run": (MANAGING, "what was removed, for those who look after the whole system"),
	"Signing Key": (
		frozenset({roles.MONITORING_ADMINISTRATOR, roles.MANAGING_UNIT_LEADER, roles.MONITORING_AUDITOR}),
		"certificates of the managing unit, without their keys",
	),
	"Storage Volume": (MANAGING, "disks of the managing unit"),
	"Unit Level": (EVERYBODY, "levels and quotas of the regulation"),
}

POINT = frappe.as_json(
	{
		"type": "FeatureCollection",
		"features": [
			{
				"type": "Feature",
				"properties": {},
				"geometry": {"type": "Point", "coordinates": [105.97, 20.25]},
			}
		],
	}
)


@dataclass(frozen=True)
class Person:
	"""`key` names a person in test ids. `home` is a place, or None for who has none."""

	role: str
	home: str | None

	@property
	def key(self) -> str:
		return f"{self.role} at {self.home}" if self.home else self.role

	@property
	def sees(self) -> tuple[str, ...]:
		if self.role in roles.PROVINCE_ROLES:
			return tuple(PLACES)
		return SEEN.get(self.home, ()) if self.role in roles.UNIT_ROLES else ()

	@property
	def foreign(self) -> tuple[str, ...]:
		"""Places by their relation to the home: sibling, superior, elsewhere."""
		if self.role in roles.PROVINCE_ROLES:
			return ()
		return FOREIGN.get(self.home, (COMMUNE, DISTRICT, PROVINCE))


PEOPLE = (
	*(Person(role, DISTRICT) for role in roles.UNIT_ROLES),
	*(Person(role, COMMUNE) for role in roles.UNIT_ROLES if role != roles.COUNTER_HEAD),  # a commune has none
	*(Person(role, None) for role in roles.PROVINCE_ROLES),
	Person(NO_ROLE, COMMUNE),
	Person(GUEST, None),
)


def scoped_doctypes() -> list[str]:
	"""DocTypes of the app's modules that are a unit, or link to one over any number of links, themselves or
	in a table."""
	links = {name: links_of(name) for name in app_doctypes()}
	found = {UNIT}
	while True:
		more = {name for name, linked in links.items() if linked & found} - found
		if not more:
			return sorted(found)
		found |= more


def app_doctypes() -> list[str]:
	"""Without child tables, which are told with the record that holds them."""
	return [name for name in records.doctypes() if not frappe.get_meta(name).istable]


def links_of(doctype: str) -> set[str]:
	meta = frappe.get_meta(doctype)
	metas = [meta, *(frappe.get_meta(df.options) for df in meta.get_table_fields())]
	return {df.options for one in metas for df in one.get_link_fields()}


@dataclass
class World:
	"""`units`: {place: name}; `rows`: {(DocType, place): name}."""

	mark: str = field(default_factory=lambda: "".join(secrets.choice("bcdfghklmnpqrstvx") for _ in range(8)))
	units: dict[str, str] = field(default_factory=dict)
	rows: dict[tuple[str, str], str] = field(default_factory=dict)
	users: dict[Person, str] = field(default_factory=dict)
	colleagues: dict[str, str] = field(default_factory=dict)
	keys: dict[Person, str] = field(default_factory=dict)
	helpers: dict[str, dict] = field(default_factory=dict)
	searched: list[str] = field(default_factory=list)
	made: list[tuple[str, str]] = field(default_factory=list)

	@cached_property
	def now_ms(self) -> int:
		return clock.now_ms()

	def row(self, doctype: str, place: str) -> str:
		return self.rows[doctype, place]

	def word(self, place: str) -> str:
		"""Stands in every text of the place's rows, but for titles."""
		return f"{self.mark}w{list(PLACES).index(place)}w"

	def title(self, place: str) -> str:
		"""Stands in the unit's name, which a record that links to the unit may show."""
		return f"{self.mark}t{list(PLACES).index(place)}t"

	@property
	def guarded(self) -> str:
		"""Stands in every text that has a permission level of its own."""
		return f"{self.mark}guarded"

	def build(self) -> None:
		for place, (level, superior) in PLACES.items():
			unit = factories.unit(
				level,
				self.units.get(superior),
				is_group=int(level != "COMMUNE"),
				location=POINT,
				unit_role="Superior Body" if level == "PROVINCE" else "Using Unit",
			)
			self.units[place] = unit.name
		for doctype, make in ROWS.items():
			for place in PLACES:
				doc = make(self, place)
				self.rows[doctype, place] = doc.name
				self.made.append((doctype, doc.name))
				self.put_words(doc, place)
		for person in PEOPLE:
			if person.role != GUEST:
				self.users[person] = self.make_user(person)
		for place in PLACES:
			self.colleagues[place] = self.somebody_of(place)
		self.search_everything()
		for doctype in ROWS:
			self.helpers[doctype] = {
				"group chart": self.chart(doctype, "Group By"),
				"time chart": self.chart(doctype, "Count"),
				"heat map": self.chart(doctype, "Count", type="Heatmap"),
				"report": self.report(doctype),
			}
			for place in PLACES:
				self.hang_things_on(doctype, place)

	def put_words(self, doc, place: str) -> None:
		"""Past the controller: a word has to stand in texts that people cannot write too."""
		kept = (*UNMARKED.get(doc.doctype, ()), doc.meta.autoname.removeprefix("field:"))
		values = {}
		for df in doc.meta.get("fields", {"fieldtype": ("in", TEXTS)}):
			if df.fieldname in kept or (df.fieldtype == "Data" and df.options):
				continue
			titled = doc.doctype == UNIT and df.fieldname == doc.meta.title_field
			word = self.title(place) if titled else self.word(place)
			values[df.fieldname] = self.guarded if df.permlevel else word
		if doc.doctype == "Camera":
			values["mac_address"] = self.guarded
		now = frappe.utils.now()  # index rows have none of these
		values |= {"creation": now, "modified": now, "owner": "Administrator", "modified_by": "Administrator"}
		frappe.db.set_value(doc.doctype, doc.name, values, update_modified=False)

	def make_user(self, person: Person) -> str:
		role = None if person.role == NO_ROLE else person.role
		user = factories.user(role, self.units[person.home] if person.home else None)
		self.made.append(("User", user.name))
		if not role:  # Frappe makes a person without a role System Manager when the site has none
			frappe.db.delete("Has Role", {"parent": user.name})
			frappe.clear_cache(user=user.name)
		secret = secrets.token_hex(8)
		frappe.db.set_value("User", user.name, "api_key", user.name.split("@")[0])
		set_encrypted_password("User", user.name, secret, "api_secret")
		self.keys[person] = f"token {user.name.split('@')[0]}:{secret}"
		return user.name

	def somebody_of(self, place: str) -> str:
		"""A user of the place, who may not be named to other units."""
		user = self.users.get(Person(roles.UNIT_LEADER, place))
		if not user:
			user = factories.user(roles.UNIT_OPERATOR, self.units[place]).name
			self.made.append(("User", user))
		names = {"first_name": self.mark, "full_name": f"{self.mark} {user}"}
		frappe.db.set_value("User", user, names)
		return user

	def search_everything(self) -> None:
		"""As if an administrator had put all these DocTypes into Frappe's global search."""
		settings = frappe.get_doc("Global Search Settings")
		self.searched = [row.document_type for row in settings.allowed_in_global_search]
		for doctype in ROWS:
			if doctype not in self.searched:
				settings.append("allowed_in_global_search", {"document_type": doctype})
		settings.save()

	def search_as_before(self) -> None:
		settings = frappe.get_doc("Global Search Settings")
		rows = settings.allowed_in_global_search
		settings.set("allowed_in_global_search", [row for row in rows if row.document_type in self.searched])
		settings.save()

	def chart(self, doctype: str, chart_type: str, **values) -> str:
		title = frappe.get_meta(doctype).title_field or "name"
		chart = self.insert(
			doctype="Dashboard Chart",
			chart_name=f"{self.mark} {doctype} {chart_type} {values.get('type', '')}",
			chart_type=chart_type,
			document_type=doctype,
			is_public=1,
			timeseries=int(chart_type != "Group By"),
			based_on="creation",
			timespan="Last Month",
			time_interval="Daily",
			group_by_type="Count",
			group_by_based_on=title,
			filters_json="[]",
			**{"type": "Bar", **values},
		)
		return chart.name

	def report(self, doctype: str) -> str:
		rows = {"fields": [["name", doctype]], "filters": [], "order_by": "", "add_total_row": 0}
		report = self.insert(
			doctype="Report",
			report_name=f"{self.mark} {doctype}",
			ref_doctype=doctype,
			report_type="Report Builder",
			is_standard="No",
			json=frappe.as_json(rows),
		)
		return report.name

	def hang_things_on(self, doctype: str, place: str) -> None:
		"""A tag, a comment, a task, a file, a message, a history, and an entry in the global search index."""
		name, word = self.row(doctype, place), self.word(place)
		to = {"reference_doctype": doctype, "reference_name": name}
		add_tag(self.tag, doctype, name)
		self.insert(doctype="Comment", comment_type="Comment", content=word, **to)
		self.insert(doctype="Communication", content=word, subject=word, communication_medium="Other", **to)
		person = self.colleagues[place]
		person = person if records.sees(doctype, name, user=person) else "Administrator"
		task = {"reference_type": doctype, "reference_name": name, "allocated_to": person}
		self.insert(doctype="ToDo", description=word, **task)
		hung = {"attached_to_doctype": doctype, "attached_to_name": name, "is_private": 1}
		self.insert(doctype="File", file_name=f"{word}-{doctype}.txt", content=f"{word} {doctype}", **hung)
		changes = frappe.as_json({"changed": [["x", word, word]]})
		self.insert(doctype="Version", ref_doctype=doctype, docname=name, data=changes)
		frappe.db.delete("__global_search", {"doctype": doctype, "name": name})
		entry = frappe.qb.Table("__global_search")
		columns = (entry.doctype, entry.name, entry.content)
		frappe.qb.into(entry).columns(*columns).insert(doctype, name, f"{self.mark} {word}").run()

	@property
	def tag(self) -> str:
		return f"{self.mark}tag"

	def insert(self, **values):
		doc = frappe.get_doc(values).insert()
		self.made.append((doc.doctype, doc.name))
		return doc

	def remove(self) -> None:
		"""By SQL: some of these rows are never deleted by anybody. Those of the chained log stay."""
		for doctype, name in reversed(self.made):
			if doctype == log_chain.DOCTYPE:
				continue
			for table in frappe.get_meta(doctype).get_table_fields():
				frappe.db.delete(table.options, {"parent": name, "parenttype": doctype})
			frappe.db.delete(doctype, {"name": name})
		if self.helpers:
			self.search_as_before()
		frappe.db.delete("Tag Link", {"tag": self.tag})
		frappe.db.delete("Tag", {"name": self.tag})
		frappe.db.delete("__global_search", {"content": ("like", f"{self.mark}%")})
		for user in {*self.users.values(), *self.colleagues.values()}:
			frappe.db.delete("Monitoring Account", {"user": user})
			frappe.db.delete("Contact", {"user": user})
			frappe.db.delete("DefaultValue", {"parent": user})
			frappe.db.delete("Notification Settings", {"name": user})
		for unit in self.units.values():
			frappe.db.delete("User Permission", {"allow": UNIT, "for_value": unit})
		frappe.db.commit()  # the running instance is to be as before
