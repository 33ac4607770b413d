"""What a scenario consists of, and the SQL that makes it.

Minutes count from midnight; an interval that ends at or before its beginning
ends on the next day.  Everything with a "uuid" goes by its place in the lists.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Optional

from zones import utc

TENANT = '10000000-0000-7000-8000-000000000000'
BRANCH = '20000000-0000-7000-8000-000000000000'


@dataclass
class Weekly:
    weekday: int                # 1 is Monday
    opens: int
    closes: int
    valid_from: Optional[date] = None
    valid_until: Optional[date] = None


@dataclass
class Override:
    day: date
    opens: Optional[int] = None
    closes: Optional[int] = None


@dataclass
class Closure:
    """Either from one instant to another, or wall-clock times that may repeat."""
    starts_at: Optional[int] = None
    ends_at: Optional[int] = None
    local_start: Optional[datetime] = None
    local_end: Optional[datetime] = None
    repeats: Optional[str] = None
    repeat_until: Optional[date] = None


@dataclass
class Owner:
    """A branch, a resource, or (closures and settings only) the tenant."""
    hours: list = field(default_factory=list)
    overrides: list = field(default_factory=list)
    closures: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    zone: Optional[str] = None


@dataclass
class Resource(Owner):
    n: int = 0
    kind: str = 'room'
    capacity: int = 1
    position: int = 0
    active: bool = True
    moves: list = field(default_factory=list)   # (first date, zone)

    @property
    def code(self):
        return f'r{self.n}'

    @property
    def uuid(self):
        return f'30000000-0000-7000-8000-{self.n:012x}'


@dataclass
class Need:
    kind: str
    quantity: int = 1
    units: int = 1
    before: Optional[int] = None    # minutes; None: as the service
    after: Optional[int] = None
    adjacent: bool = False


@dataclass
class Service:
    n: int
    minutes: int
    before: int = 0
    after: int = 0
    needs: list = field(default_factory=list)
    eligible: list = field(default_factory=list)    # n of resources; empty: all
    settings: dict = field(default_factory=dict)

    @property
    def uuid(self):
        return f'40000000-0000-7000-8000-{self.n:012x}'


@dataclass
class Booking:
    service: int
    start: int
    resources: list
    units: int = 1
    state: str = 'confirmed'        # held, lapsed, cancelled


@dataclass
class Query:
    """A question about service 0: which resources are named, how many units."""
    named: list
    units: int = 1


@dataclass
class Scenario:
    name: str
    now: int
    window: tuple
    kind: str                       # in which capacity: customer, staff, system
    tenant: Owner
    branch: Owner
    resources: list
    services: list
    bookings: list
    queries: list


# ---- SQL ----

def text(value):
    return 'NULL' if value is None else "'" + str(value).replace("'", "''") + "'"


def stamp(t):
    return 'NULL' if t is None else f"'{utc(t)}+00'"


def clock(minute):
    return 'NULL' if minute is None else f"'{minute // 60:02}:{minute % 60:02}'"


def minutes(value):
    return 'NULL' if value is None else f"'{value} minutes'"


def jsonb(settings):
    """Settings are kept as SQL will see them: minutes as seconds."""
    def item(value):
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int) else f'"{value}"'
    return text('{' + ', '.join(f'"{k}": {item(v)}' for k, v in settings.items()) + '}')


def uuids(resources):
    if not (resources := list(resources)):
        return 'NULL'
    return "'{" + ','.join(f'30000000-0000-7000-8000-{n:012x}' for n in resources) + "}'"


def rules_sql(owner, branch, resource):
    sql = []
    for w in owner.hours:
        sql.append('INSERT INTO booking.hours (branch_id, resource_id, weekday, opens, closes,'
                   f' valid_from, valid_until) VALUES ({branch}, {resource}, {w.weekday},'
                   f' {clock(w.opens)}, {clock(w.closes)}, {text(w.valid_from)},'
                   f' {text(w.valid_until)});')
    for o in owner.overrides:
        sql.append('INSERT INTO booking.date_overrides (branch_id, resource_id, day, opens, closes)'
                   f' VALUES ({branch}, {resource}, {text(o.day)}, {clock(o.opens)},'
                   f' {clock(o.closes)});')
    for c in owner.closures:
        sql.append('INSERT INTO booking.closures (branch_id, resource_id, starts_at, ends_at,'
                   ' local_start, local_end, repeats, repeat_until)'
                   f' VALUES ({branch}, {resource}, {stamp(c.starts_at)}, {stamp(c.ends_at)},'
                   f' {text(c.local_start)}, {text(c.local_end)}, {text(c.repeats)},'
                   f' {text(c.repeat_until)});')
    return sql


def setup_sql(s):
    """Makes the scenario; for one transaction, in a store with nothing else."""
    sql = [
        "INSERT INTO booking.tenants (id, code, name, settings)"
        f" VALUES ('{TENANT}', 'model', 'Model', {jsonb(dict(s.tenant.settings, commit_check='overlap'))});",
        f"SELECT booking.set_context(tenant => '{TENANT}') \\g /dev/null",
        'INSERT INTO booking.branches (id, code, name, time_zone, settings)'
        f" VALUES ('{BRANCH}', 'main', 'Main', '{s.branch.zone}', {jsonb(s.branch.settings)});",
    ]
    for r in s.resources:
        sql.append('INSERT INTO booking.resources (id, branch_id, kind, code, name, capacity,'
                   f" position, time_zone, active, settings) VALUES ('{r.uuid}', '{BRANCH}',"
                   f" '{r.kind}', '{r.code}', '{r.code}', {r.capacity}, {r.position},"
                   f' {text(r.zone)}, {r.active}, {jsonb(r.settings)});')
        for day, zone in r.moves:
            sql.append('INSERT INTO booking.resource_zones (resource_id, valid_from, time_zone)'
                       f" VALUES ('{r.uuid}', '{day}', '{zone}');")
    for v in s.services:
        sql.append('INSERT INTO booking.services (id, code, name, duration, buffer_before,'
                   f" buffer_after, settings) VALUES ('{v.uuid}', 's{v.n}', 's{v.n}',"
                   f' {minutes(v.minutes)}, {minutes(v.before)}, {minutes(v.after)},'
                   f' {jsonb(v.settings)});')
        for n in v.needs:
            sql.append('INSERT INTO booking.service_requirements (service_id, kind, quantity,'
                       f" units, buffer_before, buffer_after, adjacent) VALUES ('{v.uuid}',"
                       f" '{n.kind}', {n.quantity}, {n.units}, {minutes(n.before)},"
                       f' {minutes(n.after)}, {n.adjacent});')
        for n in v.eligible:
            sql.append('INSERT INTO booking.service_resources (service_id, resource_id)'
                       f" VALUES ('{v.uuid}', '{s.resources[n].uuid}');")
    for n, b in enumerate(s.bookings):
        what = (f"'{s.services[b.service].uuid}', {stamp(b.start)}, resources => {uuids(b.resources)},"
                f' units => {b.units}')
        if b.state in ('held', 'lapsed'):
            # one that lapses does so before the next one is made
            made = s.now - 3600 * (1 if b.state == 'held' else len(s.bookings) - n + 1)
            ttl = 120 if b.state == 'held' else 60
            sql.append(f'SET LOCAL booking.now = {stamp(made)};')
            sql.append(f"SELECT FROM booking.hold({what}, ttl => {minutes(ttl)});")
        else:
            sql.append(f'SET LOCAL booking.now = {stamp(s.now)};')
            sql.append(f"SELECT b.booking_id FROM booking.book({what}, customer => '{{\"name\": \"x\"}}')"
                       ' AS b \\gset')
        if b.state == 'cancelled':
            sql.append("SELECT FROM booking.cancel(:'booking_id', 'customer_request');")
    sql.append(f'SET LOCAL booking.now = {stamp(s.now)};')
    sql += rules_sql(s.tenant, 'NULL', 'NULL')
    sql += rules_sql(s.branch, f"'{BRANCH}'", 'NULL')
    for r in s.resources:
        sql += rules_sql(r, 'NULL', f"'{r.uuid}'")
    settings = dict(s.tenant.settings, commit_check='grid')
    sql.append(f"UPDATE booking.tenants SET settings = {jsonb(settings)} WHERE id = '{TENANT}';")
    sql.append(f"SELECT booking.set_context(tenant => '{TENANT}', actor => 'model',"
               f" actor_kind => '{s.kind}') \\g /dev/null")
    return sql
