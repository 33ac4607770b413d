"""Random commands on bookings, by function and by plain SQL.

A step is a list of SQL statements.  Bookings go by names, s3.1 for the first that
step 3 made, so that a list of steps can be played again, or with some left out,
in another tenant: model.b('s3.1') is its id.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random

from replay import TARGETS, Need, Resource, Service, lapsed, moment

DAY = datetime(2030, 3, 4, tzinfo=timezone.utc)
OPEN = 8, 17                    # hours in which bookings begin
REASONS = ['customer_request', 'other']


@dataclass
class Step:
    now: datetime
    kind: str                   # of the actor
    statements: list
    actor: str = None
    transaction: bool = False   # all in one
    forgiving: bool = False     # in which a statement that fails is taken back alone
    undoes: str = None          # the token that it redeems
    what: str = ''

    def context(self, tenant):
        actor = f"'{self.actor}'" if self.actor else 'NULL'
        return [f"SET booking.now = '{self.now.isoformat()}';",
                f"SELECT FROM booking.set_context(tenant => '{tenant}', actor => {actor},"
                f" actor_kind => '{self.kind}', session => true);"]

    def sql(self, tenant):
        body = [s.rstrip(';') + ';' for s in self.statements]
        if self.transaction:
            body = ['BEGIN;'] + body
        if self.forgiving:
            body = ['\\set ON_ERROR_ROLLBACK on'] + body + ['\\set ON_ERROR_ROLLBACK off']
        return '\n'.join(self.context(tenant) + body)


@dataclass
class Shop:
    """What can be booked, chosen at random."""
    resources: list
    services: list
    settings: dict

    def sql(self, tenant, code):
        def interval(n):
            return f"interval '{n} minutes'"

        def jsonb(settings):
            return "jsonb_build_object(" + ', '.join(f"'{k}', {v}" for k, v in settings.items()) + ')'

        sql = [f"INSERT INTO booking.tenants (id, code, name, currency, settings)"
               f" VALUES ('{tenant}', '{code}', 'Model', 'EUR', {jsonb(self.settings)});",
               f"SELECT FROM booking.set_context(tenant => '{tenant}', session => true);",
               "INSERT INTO booking.branches (code, name, time_zone) VALUES ('main', 'Main', 'Europe/Berlin');"]
        for n, r in enumerate(self.resources):
            sql.append('INSERT INTO booking.resources (kind, code, name, capacity, position, settings)'
                       f" VALUES ('{r.kind}', '{r.code}', '{r.code}', {r.capacity}, {n},"
                       f" {jsonb({'buffer_before': r.before * 60, 'buffer_after': r.after * 60})});")
        for v in self.services:
            price, unit, settings = PRICES[v.code]
            sql.append('INSERT INTO booking.services (code, name, duration, min_duration, max_duration,'
                       ' duration_step, buffer_before, buffer_after, price, price_unit, tax_rate, settings)'
                       f" VALUES ('{v.code}', '{v.code}', '1 hour', '30 minutes', '3 hours', '30 minutes',"
                       f" {interval(v.before)}, {interval(v.after)}, {price}, '{unit}', 19, {jsonb(settings)});")
            for need in v.needs:
                sql.append('INSERT INTO booking.service_requirements'
                           ' (service_id, kind, units, buffer_before, buffer_after)'
                           f" VALUES (booking.service_id('{v.code}'), '{need.kind}', {need.units},"
                           f' {interval(need.before)}, {interval(need.after)});')
            for code in v.only:
                sql.append('INSERT INTO booking.service_resources (service_id, resource_id)'
                           f" VALUES (booking.service_id('{v.code}'), booking.resource_id('{code}'));")
        sql.append("INSERT INTO booking.customers (email, name, actor, notify)"
                   " VALUES ('cora@example.com', 'Cora', 'cora', true),"
                   " ('dan@example.com', 'Dan', 'dan', false), ('eve@example.com', 'Eve', NULL, true);")
        return '\n'.join(sql)


PRICES = {'single': (95, 'fixed', {}), 'pair': ('33.33', 'per_hour', {}), 'class': (12, 'per_person', {}),
          'asked': (30, 'fixed', {'approval': 'true', 'pending_ttl': 7200}), 'any': (0, 'fixed', {})}


def shop(random):
    def buffer():
        return random.choice([0, 0, 5, 10, 15])

    resources = [Resource('room-1', 'room'), Resource('room-2', 'room', 1, 0, buffer()),
                 Resource('alma', 'therapist'), Resource('bela', 'therapist', 1, buffer()),
                 Resource('hall', 'hall', 3)]
    services = [Service('single', [Need('room', buffer(), buffer())]),
                Service('pair', [Need('therapist', 0, buffer()), Need('room', buffer(), buffer())]),
                Service('class', [Need('hall', 0, buffer(), random.choice([1, 1, 2]))]),
                Service('asked', [Need('room', 0, buffer())]),
                Service('any', [], buffer(), buffer(), ('room-2', 'hall'))]
    settings = {'undo_window': random.choice([900, 86400, 86400]),
                'waitlist_mode': random.choice(["'hold'", "'confirm'", "'notify'"]),
                'hold_ttl': random.choice([300, 1800, 7200]),
                'assignment': random.choice(["'first'", "'least_loaded'", "'round_robin'"])}
    return Shop(resources, services, settings)


def stamp(t):
    return f"timestamptz '{t.isoformat()}'"


class Commands:
    """Makes up steps, knowing what the last ones led to."""

    def __init__(self, random: Random, shop, functions):
        self.random = random
        self.shop = shop
        self.functions = functions      # {name: argument names} of schema booking
        self.now = DAY + timedelta(hours=7)
        self.snapshot = None
        self.tokens = []                # names of steps that gave one
        self.redeemed = None            # the last that was tried at once
        self.kinds = [(weight, getattr(self, name)) for name, weight in WEIGHTS.items()
                      if NEEDS.get(name, 'hold') in functions]

    # ---- choosing ----

    def chance(self, p):
        return self.random.random() < p

    def some(self, *statuses, anything=0.12):
        """The name of a booking, mostly one in these statuses; None without any."""
        rows = list(self.snapshot.bookings.values())
        fitting = [b for b in rows if b['status'] in statuses]
        if self.chance(0.8):
            fitting = [b for b in fitting if not lapsed(b, self.now)] or fitting
        if not fitting or self.chance(anything):
            fitting = rows
        return self.random.choice(sorted(fitting, key=lambda b: b['id'])[-12:])['name'] if fitting else None

    def start(self):
        minutes = self.random.choice([0, 0, 0, 30, 30, 15])
        return DAY + timedelta(hours=self.random.randrange(*OPEN), minutes=minutes)

    def length(self):
        return timedelta(minutes=self.random.choice([60, 60, 60, 30, 90, 120]))

    def service(self):
        return self.random.choice(self.shop.services)

    def resources(self, service, complete=False):
        """Resources that a service needs, or some of them; perhaps wrong ones."""
        kinds = {n.kind for n in service.needs} or {'room', 'hall'}
        fitting = [r.code for r in self.shop.resources if r.kind in kinds]
        if self.chance(0.05):
            fitting = [r.code for r in self.shop.resources]
        count = max(1, len(service.needs)) if complete or self.chance(0.6) else 1
        codes = self.random.sample(fitting, min(count, len(fitting)))
        return 'ARRAY[' + ', '.join(f"booking.resource_id('{c}')" for c in codes) + ']'

    def units(self, service):
        return self.random.choice([1, 1, 2, 3]) if service.code in ('class', 'any') else 1

    def customer(self):
        who = self.random.choice(['cora', 'dan', 'eve'])
        return f"(SELECT id FROM booking.customers WHERE tenant_id = booking.current_tenant() AND name ILIKE '{who}')"

    def who(self):
        return self.random.choice([
            '{"email": "cora@example.com"}', '{"email": "Dan@example.com ", "name": "Dan"}',
            '{"email": "new@example.com", "name": "Nina", "phone": "+49 30 1"}', '{"name": "Max"}'])

    def version(self):
        """An expected version: mostly none, else the right one or a stale one."""
        if self.chance(0.9):
            return ''
        return f', expected_version => {self.random.choice([1, 2, 3, 4])}'

    def reason(self):
        if self.chance(0.06):
            return self.random.choice(['NULL', "'no_such_reason'", "'hold_expired'"])
        return f"'{self.random.choice(REASONS)}'"

    def overrides(self):
        if self.chance(0.93):
            return None
        return self.random.choice(['{overbook}', '{in_past,not_eligible}', '{in_past,overbook}'])

    # ---- SQL ----

    def call(self, function, name, arguments=''):
        """Calls a command, and keeps the token it may return."""
        columns = 'r.undo_token' if function in GIVE_TOKENS else 'NULL'
        return (f"INSERT INTO model.tokens SELECT booking.current_tenant(), :'step', r.booking_id, r.version,"
                f" {columns} FROM booking.{function}(model.b('{name}'){arguments}) AS r")

    def update(self, name, changes, condition=''):
        if self.chance(0.15):
            changes += ', request_id = booking.new_id(), channel = \'api\', change_metadata = \'{"by": "hand"}\''
        return (f'UPDATE booking.bookings SET {changes}'
                f" WHERE tenant_id = booking.current_tenant() AND id = model.b('{name}'){condition}")

    def insert(self, status):
        service = self.service()
        columns = {'service_id': f"booking.service_id('{service.code}')", 'status': f"'{status}'"}
        start = self.start()
        style = self.random.random()
        if style < 0.6:
            columns['starts_at'] = stamp(start)
        elif style < 0.8:
            columns['during'] = f'tstzrange({stamp(start)}, {stamp(start + self.length())})'
        else:
            columns['local_start'] = f"timestamp '{start:%Y-%m-%d %H:%M}'"
        if self.chance(0.3) and 'during' not in columns and 'starts_at' in columns:
            columns['ends_at'] = stamp(start + self.length())
        if self.chance(0.4):
            columns['resource_ids'] = self.resources(service)
        if self.chance(0.3):
            columns['units'] = self.units(service)
        if status in ('pending', 'confirmed') or self.chance(0.2):
            columns['customer_id'] = self.customer()
        if self.chance(0.2):
            columns['title'] = "'Secret'"
        if self.chance(0.2):
            columns['party_size'] = self.random.choice([1, 2, 3])
        if status == 'held' and self.chance(0.7):
            columns['hold_ttl'] = f"interval '{self.random.choice([5, 20, 60, 240])} minutes'"
        if overrides := self.overrides():
            columns['overrides'] = f"'{overrides}'"
        return columns

    def inserted(self, *rows):
        names = list(rows[0])
        values = ', '.join('(' + ', '.join(str(r.get(n, 'NULL')) for n in names) + ')' for r in rows)
        return f"INSERT INTO booking.bookings ({', '.join(names)}) VALUES {values}"

    # ---- steps: making bookings ----

    def hold(self):
        service = self.service()
        arguments = [f"booking.service_id('{service.code}')", stamp(self.start())]
        if self.chance(0.4):
            arguments.append(f'resources => {self.resources(service)}')
        if self.chance(0.4):
            arguments.append(f'units => {self.units(service)}')
        if self.chance(0.6):
            arguments.append(f"ttl => interval '{self.random.choice([2, 10, 30, 120, 600])} minutes'")
        if self.chance(0.2):
            arguments.append(f"duration => interval '{self.length() // timedelta(minutes=1)} minutes'")
        if self.chance(0.2):
            arguments.append(f'customer => {self.customer()}')
        if overrides := self.overrides():
            arguments.append(f"override => '{overrides}'")
        return [f"SELECT FROM booking.hold({', '.join(arguments)})"]

    def hold_row(self):
        return [self.inserted(self.insert('held'))]

    def hold_rows(self):
        row = self.insert('held')
        rows = [row]
        for _ in range(self.random.choice([1, 2])):
            moved, start = dict(row), self.start()
            if 'during' in row:
                moved['during'] = f'tstzrange({stamp(start)}, {stamp(start + self.length())})'
            elif 'local_start' in row:
                moved['local_start'] = f"timestamp '{start:%Y-%m-%d %H:%M}'"
            else:
                moved['starts_at'] = stamp(start)
            rows.append(moved)
        return [self.inserted(*rows)]

    def booked(self):
        service = self.service()
        arguments = [f"booking.service_id('{service.code}')", stamp(self.start()), f"'{self.who()}'"]
        if self.chance(0.3):
            arguments.append(f'resources => {self.resources(service)}')
        if self.chance(0.3):
            arguments.append(f'units => {self.units(service)}')
        if self.chance(0.2):
            arguments.append("title => 'Private', attendees => '[{\"name\": \"Dora\"}]'")
        return [f"SELECT FROM booking.book({', '.join(arguments)})"]

    def booked_row(self):
        return [self.inserted(self.insert(self.random.choice(['confirmed', 'confirmed', 'pending'])))]

    def waiting_row(self):
        return [self.inserted(self.insert('waitlisted'))]

    def wrong_row(self):
        return [self.inserted(self.insert(self.random.choice(['completed', 'cancelled', 'checked_in'])))]

    # ---- steps: holds ----

    def refresh(self):
        ttl = self.random.choice(['', '', ", interval '20 minutes'", ", interval '3 hours'"])
        return [f"SELECT FROM booking.refresh_hold(model.b('{self.some('held', 'held', 'cancelled')}'){ttl})"]

    def refresh_row(self):
        until = stamp(self.now + timedelta(minutes=self.random.choice([3, 30, 120])))
        changes = self.random.choice([f'expires_at = {until}', "status = 'held'", "hold_ttl = '15 minutes'",
                                      f"status = 'held', expires_at = {until}"])
        return [self.update(self.some('held', 'held', 'cancelled'), changes)]

    def release(self):
        return [f"SELECT booking.release_hold(model.b('{self.some('held')}'))"]

    def release_row(self):
        return [self.update(self.some('held'), "status = 'cancelled', reason_code = 'hold_released'")]

    def expire(self):
        return [f"SELECT booking.expire_holds({self.random.choice(['', '', '1', '2'])})"]

    def expire_row(self):
        return [self.update(self.some('held', 'pending'), "status = 'cancelled', reason_code = 'hold_expired'")]

    def checkout(self):
        names = {self.some('held') for _ in range(self.random.choice([1, 1, 1, 2, 3]))}
        holds = ', '.join(f"model.b('{n}')" for n in sorted(names, key=str))
        return [f"SELECT FROM booking.checkout(ARRAY[{holds}], '{self.who()}')"]

    def checkout_row(self):
        name = self.some('held')
        changes = [f"status = '{self.random.choice(['confirmed', 'pending'])}'"]
        if self.chance(0.9):
            changes.append(f'customer_id = {self.customer()}')
        if self.chance(0.2):
            changes.append("contact = '{\"name\": \"Gast\"}'")
        return [self.update(name, ', '.join(changes))]

    # ---- steps: commands ----

    def confirm(self):
        return [self.call('confirm', self.some('pending'), self.version())]

    def check_in(self):
        return [self.call('check_in', self.some('confirmed', 'confirmed', 'pending'), self.version())]

    def start_serving(self):
        return [self.call('start_serving', self.some('checked_in'), self.version())]

    def complete(self):
        return [self.call('complete', self.some('being_served', 'checked_in', 'confirmed'), self.version())]

    def no_show(self):
        return [self.call('no_show', self.some('confirmed', 'pending', 'checked_in'), self.version())]

    def cancel(self):
        name = self.some('held', 'pending', 'confirmed', 'pending_cancellation', 'checked_in', 'being_served',
                         'waitlisted')
        return [self.call('cancel', name, f', reason => {self.reason()}{self.version()}')]

    def status_row(self):
        name = self.some('held', 'pending', 'confirmed', 'pending_cancellation', 'checked_in', 'being_served',
                         'waitlisted')
        row = next((b for b in self.snapshot.bookings.values() if b['name'] == name), None)
        targets = sorted(TARGETS.get(row['status'], [])) if row else []
        if not targets or self.chance(0.15):
            targets = sorted(TARGETS)
        to = self.random.choice(targets)
        changes = f"status = '{to}'"
        if to in ('cancelled', 'no_show'):
            changes += f', reason_code = {self.reason()}'
        if to in ('pending', 'confirmed') and row and row['customer_id'] is None:
            changes += f', customer_id = {self.customer()}'
        return [self.update(name, changes)]

    def ask_cancellation(self):
        return [self.update(self.some('confirmed', 'pending'), "status = 'pending_cancellation'")]

    def take_back(self):
        return [self.update(self.some('pending_cancellation'), 'status = previous_status')]

    def reschedule(self):
        name = self.some('held', 'pending', 'confirmed', 'waitlisted')
        to = self.random.choice([f', {stamp(self.start())}', f', {stamp(self.start())}',
                                 ", duration => interval '90 minutes'", ", duration => interval '30 minutes'",
                                 f", local_start => timestamp '{self.start():%Y-%m-%d %H:%M}'"])
        if overrides := self.overrides():
            to += f", override => '{overrides}'"
        return [self.call('reschedule', name, to + self.version())]

    def moved_row(self):
        name = self.some('held', 'pending', 'confirmed', 'checked_in', 'being_served')
        start = self.start()
        minutes = self.random.choice([-60, -30, 15, 30, 60])
        changes = self.random.choice([
            f"starts_at = starts_at + interval '{minutes} min', ends_at = ends_at + interval '{minutes} min'",
            f"ends_at = ends_at + interval '{minutes} min'",
            f'starts_at = {stamp(start)}, ends_at = {stamp(start + self.length())}',
            f'during = tstzrange({stamp(start)}, {stamp(start + self.length())})',
            f"local_start = local_start + interval '{minutes} min'"])
        return [self.update(name, changes)]

    def reassign(self):
        name = self.some('held', 'pending', 'confirmed')
        return [self.call('reassign', name, f', {self.resources(self.service_of(name), True)}{self.version()}')]

    def reassigned_row(self):
        name = self.some('held', 'pending', 'confirmed')
        return [self.update(name, f'resource_ids = {self.resources(self.service_of(name), self.chance(0.7))}')]

    def service_of(self, name):
        for b in self.snapshot.bookings.values():
            if b['name'] == name:
                return self.snapshot.services[b['service_id']]
        return self.service()

    def amended_row(self):
        name = self.some('held', 'pending', 'confirmed', 'checked_in')
        changes = self.random.choice([
            'units = 1', 'units = units + 1', 'units = greatest(units - 1, 1)', 'party_size = 2',
            'party_size = party_size + 1', "title = 'Renamed'", "description = 'secret', title = NULL",
            "attendees = '[{\"name\": \"Finn\"}]'", "metadata = metadata || '{\"n\": 1.50}'", 'price = 17.50',
            'price = price', f'customer_id = {self.customer()}', "contact = '{\"name\": \"Gast\"}'",
            "service_id = booking.service_id('any')", "conversation = 'c-1'"])
        return [self.update(name, changes)]

    def note(self):
        name = self.some('confirmed', 'held', 'cancelled', 'completed')
        if self.chance(0.4):
            return [f"INSERT INTO booking.notes (booking_id, body) SELECT id, 'by hand' FROM booking.bookings"
                    f" WHERE tenant_id = booking.current_tenant() AND id = model.b('{name}')"]
        return [self.call('add_note', name, ", 'called', 'staff'")]

    def nothing(self):
        """Writes rows back as they are, as an ORM does."""
        same = self.random.choice([
            'status = status', 'starts_at = starts_at, during = during, resource_ids = resource_ids',
            'actor = actor, channel = channel', 'units = units, local_start = local_start'])
        return [f'UPDATE booking.bookings SET {same} WHERE tenant_id = booking.current_tenant()'
                f" AND id = model.b('{self.some('held', 'confirmed')}')"]

    def forbidden(self):
        name = self.some('held', 'confirmed', 'completed')
        here = "WHERE tenant_id = booking.current_tenant()"
        return [self.random.choice([
            f"DELETE FROM booking.bookings {here} AND id = model.b('{name}')",
            self.update(name, 'id = booking.new_id()'), self.update(name, 'version = version + 2'),
            self.update(name, "status = 'nonsense'"), self.update(name, 'starts_at = ends_at'),
            self.update(name, 'resource_ids = NULL'), self.update(name, 'units = 0'),
            self.update(name, "during = '[2030-03-04 10:00Z,)'"), self.update(name, 'price = -1'),
            f"UPDATE booking.audit_log SET actor = 'nobody' {here}",
            f"DELETE FROM booking.allocations {here}", f"DELETE FROM booking.audit_private {here}"])]

    # ---- steps: many rows, transactions ----

    def many_rows(self):
        minutes = self.random.choice([60, -60, 30])
        return [self.random.choice([
            "UPDATE booking.bookings SET status = 'cancelled', reason_code = 'other'"
            " WHERE tenant_id = booking.current_tenant() AND status = 'held' AND units = 1",
            f"UPDATE booking.bookings SET starts_at = starts_at + interval '{minutes} min',"
            f" ends_at = ends_at + interval '{minutes} min'"
            " WHERE tenant_id = booking.current_tenant() AND status IN ('held', 'confirmed')",
            "UPDATE booking.bookings SET status = 'checked_in'"
            " WHERE tenant_id = booking.current_tenant() AND status = 'confirmed' AND starts_at <= booking.now()",
            "UPDATE booking.bookings SET metadata = '{\"all\": true}' WHERE tenant_id = booking.current_tenant()"
            " AND status NOT IN ('cancelled', 'completed', 'no_show')",
            "UPDATE booking.bookings AS b SET status = 'completed'"
            " WHERE tenant_id = booking.current_tenant() AND status IN ('checked_in', 'being_served')"])]

    def swap(self):
        """Two bookings change places in one statement."""
        a, b = self.some('confirmed', 'held'), self.some('confirmed', 'held')
        return ['UPDATE booking.bookings AS b SET starts_at = o.starts_at, ends_at = o.ends_at,'
                ' resource_ids = o.resource_ids FROM booking.bookings AS o'
                ' WHERE b.tenant_id = booking.current_tenant() AND o.tenant_id = b.tenant_id'
                f" AND (b.id, o.id) IN ((model.b('{a}'), model.b('{b}')), (model.b('{b}'), model.b('{a}')))"]

    def transaction(self):
        """Several commands in one transaction, some of them rolled back."""
        statements, depth = [], 0
        for n in range(self.random.choice([2, 3, 4, 6])):
            if self.chance(0.4):
                depth += 1
                statements.append(f'SAVEPOINT s{depth}')
            statements += self.command(within=True)
            if depth and self.chance(0.6):
                statements.append(f'ROLLBACK TO s{depth}')
                if self.chance(0.5):
                    statements.append(f'RELEASE s{depth}')
                    depth -= 1
            elif depth and self.chance(0.4):
                statements.append(f'RELEASE s{depth}')
                depth -= 1
        # an error before leaves nothing but ROLLBACK
        return statements + [self.random.choice(['COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK'])]

    # ---- steps: what there may be ----

    def reverse(self):
        if not self.tokens:
            return self.issue_undo()
        step = self.tokens[-1] if self.chance(0.7) else self.random.choice(self.tokens[-6:])
        return [f"INSERT INTO model.tokens SELECT booking.current_tenant(), :'step', r.booking_id, r.version,"
                f" r.undo_token FROM booking.reverse(model.token('{step}')) AS r"]

    def issue_undo(self):
        name = self.some('cancelled', 'confirmed', 'no_show', 'completed', 'checked_in')
        return ["INSERT INTO model.tokens SELECT b.tenant_id, :'step', b.id, b.version,"
                ' booking.issue_undo(b.id) FROM booking.bookings AS b'
                f" WHERE b.tenant_id = booking.current_tenant() AND b.id = model.b('{name}')"]

    def bulk_cancel(self):
        names = {self.some('held', 'confirmed', 'pending') for _ in range(3)}
        ids = ', '.join(f"model.b('{n}')" for n in sorted(names, key=str))
        return [f"SELECT FROM booking.bulk_cancel(ARRAY[{ids}], {self.reason()})"]

    def request_cancellation(self):
        return [self.call('request_cancellation', self.some('confirmed', 'pending'))]

    def restore(self):
        return [self.call('restore', self.some('pending_cancellation', 'no_show'))]

    def promote(self):
        return [self.call('promote', self.some('waitlisted'))]

    def join_waitlist(self):
        return [f"SELECT FROM booking.join_waitlist(booking.service_id('{self.service().code}'),"
                f' starts_at => {stamp(self.start())}, customer => {self.customer()})']

    def amend(self):
        changes = self.random.choice(['{"units": 1}', '{"party_size": 2}', '{"title": "New"}',
                                      '{"metadata": {"a": 1}}', '{"units": 2}', '{"nonsense": 1}'])
        return [self.call('amend', self.some('held', 'pending', 'confirmed'), f", '{changes}'")]

    def record_payment(self):
        return [f"SELECT FROM booking.record_payment(model.b('{self.some('held')}'),"
                f" {self.random.choice([5, 100])}, 'bank', 'ref-{self.random.randrange(20)}')"]

    def mark_no_shows(self):
        return ['SELECT booking.mark_no_shows()']

    # ---- one of them ----

    def command(self, within=False):
        kinds = [(w, f) for w, f in self.kinds if not (within and f.__name__ in ALONE)]
        return self.random.choices([f for _, f in kinds], [w for w, _ in kinds])[0]()

    def move_clock(self):
        """Time goes on: a little, to where something lapses or begins, or far."""
        rows = self.snapshot.bookings.values()
        edges = [moment(b['expires_at']) for b in rows if b['expires_at']]
        edges += [moment(b['starts_at']) + timedelta(minutes=m) for b in rows for m in (0, 15)]
        edges = sorted(t for t in edges if self.now < t < self.now + timedelta(hours=2))
        if edges and self.chance(0.1):
            self.now = edges[0]
        else:
            self.now += timedelta(seconds=self.random.choice([1, 5, 20, 30, 60, 60, 120, 300, 900]))

    def step(self, snapshot):
        self.snapshot = snapshot
        self.move_clock()
        kind = self.random.choices(['staff', 'system', 'customer'], [13, 2, 4])[0]
        if self.tokens and self.tokens[-1] != self.redeemed and self.chance(0.4):
            self.redeemed = self.tokens[-1]
            what = self.reverse
        elif not snapshot.bookings or (self.random.random() < 0.25 and len(snapshot.bookings) < 25):
            what = self.random.choice([self.hold, self.hold_row, self.hold_rows, self.booked, self.booked_row])
        else:
            kinds = self.kinds
            what = self.random.choices([f for _, f in kinds], [w for w, _ in kinds])[0]
        actor = self.random.choice(['cora', 'dan']) if kind == 'customer' else self.random.choice(['sue', 'tom'])
        step = Step(self.now, kind, what(), actor, what == self.transaction, what=what.__name__)
        step.forgiving = step.transaction and self.chance(0.7)
        if what == self.reverse and 'model.token(' in step.statements[0]:
            step.undoes = step.statements[0].split("model.token('")[1].split("'")[0]
        return step


ALONE = {'transaction', 'reverse', 'issue_undo', 'bulk_cancel'}
GIVE_TOKENS = {'cancel', 'confirm', 'check_in', 'start_serving', 'complete', 'no_show', 'reschedule',
               'reassign', 'add_note', 'request_cancellation', 'restore', 'promote', 'amend'}
WEIGHTS = {
    'hold': 3, 'hold_row': 2, 'hold_rows': 2, 'booked': 2, 'booked_row': 2, 'waiting_row': 1, 'wrong_row': 0.3,
    'refresh': 3, 'refresh_row': 2, 'release': 2, 'release_row': 1, 'expire': 1.5, 'expire_row': 1,
    'checkout': 7, 'checkout_row': 4, 'confirm': 3, 'check_in': 3, 'start_serving': 2, 'complete': 3,
    'no_show': 2, 'cancel': 3, 'status_row': 7, 'ask_cancellation': 2, 'take_back': 2, 'reschedule': 5,
    'moved_row': 5, 'reassign': 3, 'reassigned_row': 3, 'amended_row': 6, 'note': 2, 'nothing': 1,
    'forbidden': 1.5, 'many_rows': 2, 'swap': 2, 'transaction': 7,
    'reverse': 8, 'issue_undo': 3, 'bulk_cancel': 1, 'request_cancellation': 2, 'restore': 2, 'promote': 1,
    'join_waitlist': 4, 'amend': 3, 'record_payment': 1, 'mark_no_shows': 1,
}
NEEDS = {name: name for name in ('reverse', 'issue_undo', 'bulk_cancel', 'request_cancellation', 'restore',
                                 'promote', 'join_waitlist', 'amend', 'record_payment', 'mark_no_shows')}
