"""What must hold of a store's tables, worked out from their rows alone.

A check takes a Snapshot and yields complaints, each a letter and a text:

    A  the audit trail, replayed, gives the bookings
    B  allocations are what the bookings must occupy, and nothing overlaps
    C  an undo gives back what was before
    D  each status can become what the lifecycle says, and nothing else
    E  a hold ends once
    F  sessions, orders and side effects follow the bookings
    G  the past, asked for later, is what it was

None of this knows how the engine does it: statuses, buffers, topics and what a
transition takes are written down here once more.
"""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# ---- the lifecycle, and what follows from a change ----

STATUSES = ['waitlisted', 'held', 'pending', 'confirmed', 'pending_cancellation', 'checked_in',
            'being_served', 'completed', 'no_show', 'cancelled']
TERMINAL = {'completed', 'no_show', 'cancelled'}
OCCUPYING = {'held', 'pending', 'confirmed', 'pending_cancellation', 'checked_in', 'being_served'}
SERVED = OCCUPYING - {'held'}           # has a service session
TARGETS = {
    'waitlisted': {'held', 'pending', 'confirmed', 'cancelled'},
    'held': {'pending', 'confirmed', 'cancelled'},
    'pending': {'confirmed', 'pending_cancellation', 'checked_in', 'no_show', 'cancelled'},
    'confirmed': {'pending_cancellation', 'checked_in', 'completed', 'no_show', 'cancelled'},
    'pending_cancellation': {'pending', 'confirmed', 'cancelled'},
    'checked_in': {'being_served', 'completed', 'no_show', 'cancelled'},
    'being_served': {'completed', 'cancelled'},
    'completed': set(), 'no_show': set(), 'cancelled': set(),
}
NO_SHOW_GRACE = timedelta(minutes=15)
PAST_GRACE = timedelta(hours=4)

# Topics of an action; what goes to the customer stays away if he wants no news.
TO_CUSTOMER = {'book', 'checkout', 'confirm', 'cancel', 'expire', 'request_cancellation', 'restore',
               'reschedule'}
TOPICS = {
    'hold': set(), 'refresh_hold': set(), 'release_hold': set(), 'check_in': set(),
    'start_serving': set(), 'add_note': set(), 'amend': set(),
    'book': {'calendar_sync'}, 'checkout': {'calendar_sync'}, 'confirm': {'calendar_sync'},
    'cancel': {'calendar_sync'}, 'expire': {'follow_up'}, 'request_cancellation': set(),
    'restore': {'calendar_sync'}, 'reschedule': {'calendar_sync'}, 'reassign': {'calendar_sync'},
    'no_show': {'follow_up'}, 'complete': {'follow_up'},
}

# Columns of a booking that say who changed it: they stand in the audit row itself.
CHANGE = {'version', 'channel', 'actor', 'actor_kind', 'request_id', 'overrides', 'change_metadata',
          'updated_at'}
UNAUDITED = CHANGE | {'tenant_id', 'id', 'during'}
PRIVATE = {'contact', 'title', 'description', 'attendees', 'conversation'}
ATTACHED = {'note', 'answers'}          # private, but in tables of their own


@dataclass
class Need:
    kind: str
    before: int = 0             # minutes
    after: int = 0
    units: int = 1


@dataclass
class Service:
    code: str
    needs: list = field(default_factory=list)
    before: int = 0
    after: int = 0
    only: tuple = ()            # codes of those that may provide it, of their kinds


@dataclass
class Resource:
    code: str
    kind: str
    capacity: int = 1
    before: int = 0
    after: int = 0


@dataclass
class Snapshot:
    """The rows of one tenant as JSON has them, and what they are of."""
    rows: dict                  # {table: [row]}
    services: dict              # {id: Service}
    resources: dict             # {id: Resource}

    def __post_init__(self):
        self.now = moment(self.rows['now'])
        self.bookings = {b['id']: b for b in self.rows['bookings']}
        self.audit = defaultdict(list)
        for a in sorted(self.rows['audit'], key=lambda a: a['version']):
            self.audit[a['booking_id']].append(a)
        self.private = {(p['booking_id'], p['version']): p for p in self.rows['private']}
        self.allocations = defaultdict(list)
        for a in self.rows['allocations']:
            self.allocations[a['booking_id']].append(a)
        self.sessions = {s['booking_id']: s for s in self.rows['sessions']}
        self.items = defaultdict(list)
        for i in self.rows['items']:
            self.items[i['booking_id']].append(i)

    def name(self, booking):
        return self.bookings.get(booking, {}).get('name') or booking


INSTANT = re.compile(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z|\+00:00)')


def canonical(value):
    """A value of a row and of the audit trail in the same form."""
    if isinstance(value, str):
        if match := INSTANT.fullmatch(value):
            return match[1] + 'Z'
        return value
    if isinstance(value, dict):
        return {k: canonical(v) for k, v in value.items()}
    if isinstance(value, list):
        return [canonical(v) for v in value]
    return value if value is None or isinstance(value, bool) else str(value)


def moment(text):
    return datetime.fromisoformat(text.replace('Z', '+00:00'))


def lapsed(row, now):
    return row.get('expires_at') is not None and moment(row['expires_at']) <= now


# ---- A: the audit trail ----

def replayed(s, booking, trouble=None):
    """The audited values of a booking after each of its changes.

    Appends to trouble what is odd about a change by itself.
    """
    trouble = [] if trouble is None else trouble
    values, states = {}, []
    for a in s.audit[booking]:
        what = f"{s.name(booking)}, version {a['version']}, {a['action']}"
        private = s.private.get((booking, a['version']))
        kept = (private or {}).get('private_values') or {}
        old, new = a['old_values'], canonical(a['new_values'])
        old_private = canonical(kept.get('old') or {})
        new_private = canonical(kept.get('new') or {})
        attached = {k: new_private.pop(k) for k in ATTACHED & set(new_private)}

        if (a['private_digest'] is None) != (private is None):
            trouble.append(f'{what}: private values and their digest are not both there')
        elif private and digest(private) != a['private_digest']:
            trouble.append(f'{what}: private values do not fit their digest')
        if not states:
            if old is not None or old_private:
                trouble.append(f'{what}: the first change has old values')
            # what is private and says nothing is left out
            values = dict.fromkeys(PRIVATE) | {'booked_by': a['actor'], 'metadata': {}}
        else:
            old = canonical(old)
            if old is None or set(old) != set(new) or set(old_private) != set(new_private):
                trouble.append(f'{what}: old and new values are not of the same columns')
            for k, v in list((old or {}).items()) + list(old_private.items()):
                if values.get(k) != v:
                    trouble.append(f'{what}: {k} was {values.get(k)}, not {v}')
                if v == (new | new_private).get(k):
                    trouble.append(f'{what}: {k} did not change')
            # a hold may be renewed twice at one time, and who is chosen again where
            # resources take turns has had his turn
            if not new and not new_private and not attached and \
                    values.get('status') != 'held' and a['action'] != 'amend':
                trouble.append(f'{what}: nothing changed')
        values = values | new | new_private
        states.append(values)
        if (a['status'], a['branch_id']) != (values.get('status'), values.get('branch_id')):
            trouble.append(f'{what}: status or branch is not that of the booking')
        if a['reason_code'] != values.get('reason_code'):
            trouble.append(f"{what}: reason {a['reason_code']}, not {values.get('reason_code')}")
    return states


def digest(private):
    salted = bytes.fromhex(private['salt']) + private['private_text'].encode()
    return hashlib.sha256(salted).hexdigest()


def check_audit(s):
    for booking in set(s.bookings) | set(s.audit):
        row, trouble = s.bookings.get(booking), []
        states = replayed(s, booking, trouble)
        yield from (('A', t) for t in trouble)
        if row is None:
            yield 'A', f'{booking} has history and no row'
            continue
        versions = [a['version'] for a in s.audit[booking]]
        if versions != list(range(1, row['version'] + 1)):
            yield 'A', f"{s.name(booking)} is at version {row['version']}, its history is {versions}"
        if not states:
            continue
        audited = {k: canonical(v) for k, v in row.items() if k not in UNAUDITED | {'name'}}
        for k in sorted(set(audited) | set(states[-1])):
            if audited.get(k) != states[-1].get(k) or (k in audited) != (k in states[-1]):
                yield 'A', (f'{s.name(booking)}: {k} is {audited.get(k)}; replayed, its history gives'
                            f' {states[-1].get(k)}')
        last = s.audit[booking][-1]
        for k, v in (('updated_at', last['at']), ('request_id', last['request_id']), ('actor', last['actor']),
                     ('actor_kind', last['actor_kind']), ('channel', last['channel']),
                     ('change_metadata', last['metadata'])):
            if canonical(row[k]) != canonical(v):
                yield 'A', f'{s.name(booking)}: {k} is {row[k]}, in its history {v}'
    for booking, version in s.private:
        if not any(a['version'] == version for a in s.audit[booking]):
            yield 'A', f'{booking}, version {version}: private values without history'


def check_step(before, after, failed):
    """Each change of a row has a row of history, and what failed changed nothing."""
    for booking, row in after.bookings.items():
        old = before.bookings.get(booking)
        news = len(after.audit[booking]) - len(before.audit[booking])
        grown = row['version'] - (old['version'] if old else 0)
        if news != grown:
            yield 'A', f'{after.name(booking)}: {grown} changes and {news} rows of history'
        if grown == 0 and old != row:
            yield 'A', f'{after.name(booking)} changed without a new version'
    for booking in set(before.bookings) - set(after.bookings):
        yield 'A', f'{before.name(booking)} is gone'
    for booking, rows in before.audit.items():
        if after.audit[booking][:len(rows)] != rows:
            yield 'A', f'{before.name(booking)}: history was rewritten'
    if failed:
        for table in before.rows:
            if table not in ('now', 'holds') and in_order(before.rows[table]) != in_order(after.rows[table]):
                yield 'A', f'a statement failed and {table} changed'


def in_order(rows):
    return sorted(rows, key=repr)


# ---- B: what is occupied ----

def needed(s, row):
    """What a booking occupies: {resource id: (from, until, units, exclusive)}."""
    service, result = s.services[row['service_id']], {}
    for id in row['resource_ids']:
        resource = s.resources[id]
        need = next((n for n in service.needs if n.kind == resource.kind), None)
        before, after = (need.before, need.after) if need else (service.before, service.after)
        result[id] = (moment(row['starts_at']) - timedelta(minutes=before + resource.before),
                      moment(row['ends_at']) + timedelta(minutes=after + resource.after),
                      row['units'] * (need.units if need else 1) if resource.capacity > 1 else 1,
                      resource.capacity == 1)
    return result


def taken(a):
    return moment(a['from']), moment(a['until'])


def completed_at(s, booking):
    """When a completed booking was, and whether an undo made it so again."""
    rows = s.audit[booking]
    for a, previous in zip(reversed(rows), [*reversed(rows[:-1]), None]):
        if previous is None or previous['status'] != 'completed':
            return moment(a['at']), a['action'] == 'reverse'
    return None, False


def is_overbooked(s, booking):
    return any('overbook' in (a['overrides'] or []) for a in s.audit[booking])


def check_occupied(s):
    for booking, row in s.bookings.items():
        got = {a['resource_id']: a for a in s.allocations[booking]}
        want = needed(s, row)
        what = f"{s.name(booking)}, {row['status']}"
        if row['status'] == 'completed':
            yield from check_cleanup(s, what, booking, got, want)
            continue
        if row['status'] not in OCCUPYING:
            if got:
                yield 'B', f'{what}, occupies {len(got)} resources'
            continue
        if set(got) - set(want) or (set(got) != set(want) and not lapsed(row, s.now)):
            yield 'B', f'{what}, occupies {sorted(got)}, not {sorted(want)}'
        for id in set(got) & set(want):
            a, (begin, end, units, exclusive) = got[id], want[id]
            if taken(a) != (begin, end) or a['units'] != units:
                yield 'B', (f"{what}, occupies {a['units']} of {s.resources[id].code} from {a['from']} to"
                            f" {a['until']}, not {units} from {begin} to {end}")
            if a['exclusive'] != exclusive and not is_overbooked(s, booking):
                yield 'B', f'{what}, {s.resources[id].code}: exclusive is wrong'
            if canonical(a['expires_at']) != canonical(row['expires_at']):
                yield 'B', f"{what}, expires at {row['expires_at']}, its allocation {a['expires_at']}"
    for booking in s.allocations:
        if booking not in s.bookings:
            yield 'B', f'an allocation is of booking {booking}, which does not exist'
    yield from check_capacity(s)


def check_cleanup(s, what, booking, got, want):
    """A completed booking keeps its resources until they are clean."""
    at, undone = completed_at(s, booking)
    slot_end = moment(s.bookings[booking]['ends_at'])
    for id, (begin, end, units, _) in want.items():
        until = min(end, at + (end - slot_end))
        a = got.get(id)
        if a is None:
            if until > max(s.now, at) and until > begin and not undone:
                yield 'B', f'{what}, gave back {s.resources[id].code} before it was clean'
        elif taken(a)[0] != begin or taken(a)[1] > end or (taken(a)[1] != until and not undone):
            yield 'B', f"{what}, keeps {s.resources[id].code} until {a['until']}, not {until}"
        elif moment(a['expires_at']) != taken(a)[1]:
            yield 'B', f'{what}, and its clean-up does not end by itself'
    if set(got) - set(want):
        yield 'B', f'{what}, occupies resources of others'


def check_capacity(s):
    """At no instant is more taken of a resource than there is."""
    uses = defaultdict(list)
    for booking, rows in s.allocations.items():
        for a in rows:
            if a['expires_at'] is None or moment(a['expires_at']) > s.now:
                uses[a['resource_id']].append((*taken(a), a['units'], booking))
    for id, rows in uses.items():
        for instant in {begin for begin, *_ in rows}:
            here = [(units, b) for begin, end, units, b in rows if begin <= instant < end]
            total = sum(units for units, _ in here)
            if (total > s.resources[id].capacity
                    and not any(is_overbooked(s, b) for _, b in here)):
                yield 'B', (f'at {instant} {total} of {s.resources[id].capacity} units of'
                            f" {s.resources[id].code} are taken, by {', '.join(s.name(b) for _, b in here)}")


def fits(s, row):
    """Whether a booking could occupy its place now."""
    if row['units'] > 1 and all(s.resources[id].capacity == 1 for id in row['resource_ids']):
        return False
    for id, (begin, end, units, _) in needed(s, row).items():
        others = [(*taken(a), a['units']) for booking, rows in s.allocations.items()
                  if booking != row['id'] for a in rows if a['resource_id'] == id
                  and (a['expires_at'] is None or moment(a['expires_at']) > s.now)]
        for instant in {begin} | {b for b, *_ in others if begin < b < end}:
            if units + sum(u for b, e, u in others if b <= instant < e) > s.resources[id].capacity:
                return False
    return True


def is_eligible(s, service, resource):
    kinds = {n.kind for n in service.needs}
    listed = {r.kind for r in s.resources.values() if r.code in service.only}
    return ((not kinds or resource.kind in kinds)
            and (resource.kind not in listed or resource.code in service.only))


# ---- C: undo ----

def check_undone(then, former, now, booking):
    """A booking is again as it was; former is its row before the change, then and now are Snapshots."""
    row = now.bookings[booking]
    for k in former:
        if k not in CHANGE and canonical(former[k]) != canonical(row[k]):
            yield 'C', f'{now.name(booking)}: {k} was {former[k]}, and after the undo is {row[k]}'
    if then is None:
        return
    for table in ('sessions', 'items'):
        was, is_now = (beside(s, table, booking) for s in (then, now))
        # what came to be with the change stays, voided or cancelled
        if was and was != is_now:
            yield 'C', f'{now.name(booking)}: {table} were {was}, and after the undo are {is_now}'


def beside(s, table, booking):
    """What a table has of a booking; what is void again may be so since another time."""
    return [{k: canonical(v) if k != 'voided_at' else v is not None for k, v in row.items()
             if k != 'updated_at'} for row in s.rows[table] if row['booking_id'] == booking]


# ---- D: what a status can become ----

def outcomes(s, row, to):
    """What an UPDATE of the status by staff may end in: SQLSTATEs, ok among them."""
    was, now = row['status'], s.now
    starts_at = moment(row['starts_at'])
    if was == to:
        return {'ok'}
    if lapsed(row, now):
        if was == 'held':
            return {'ZB301'}
        if was in ('pending', 'pending_cancellation'):
            return {'ZB405'}
        if was == 'waitlisted':
            return {'ZB405', 'ZB101'}
    again = was == 'cancelled' and to == 'held' and row['reason_code'] == 'hold_expired'
    late = was == 'no_show' and row['reason_code'] == 'auto_no_show' and to == 'confirmed'
    if to not in TARGETS[was] and not again and not late:
        return {'ZB101'}
    if was == 'pending_cancellation' and to != 'cancelled' and to != row['previous_status']:
        return {'ZB101'}
    if to == 'pending_cancellation' and now >= starts_at:
        return {'ZB405'}
    if to == 'no_show' and now < starts_at + NO_SHOW_GRACE:
        return {'ZB104'}
    if (was in ('held', 'waitlisted') and to in ('pending', 'confirmed')
            and row['customer_id'] is None and row['contact'] is None):
        return {'22004'}
    if to in OCCUPYING and was not in OCCUPYING:
        service = s.services[row['service_id']]
        named = [s.resources[id] for id in row['resource_ids']]
        if not all(is_eligible(s, service, r) for r in named):
            return {'ZB210'}
        if not named or {n.kind for n in service.needs} - {r.kind for r in named}:
            return {'ok', '23P01', 'ZB105', 'ZB201'}    # the engine is going to choose
        if starts_at < now - PAST_GRACE:
            return {'ZB201'}
        return {'ok'} if fits(s, row) else {'23P01'}
    return {'ok'}


def check_targets(s, tried):
    """tried: [(booking, status, SQLSTATE or ok)], every pair once."""
    for booking, to, result in tried:
        row = s.bookings[booking]
        want = outcomes(s, row, to)
        if result not in want:
            yield 'D', (f"{s.name(booking)} is {row['status']}; to make it {to} ended in {result},"
                        f" not in {' or '.join(sorted(want))}")
    missing = {(b, t) for b in s.bookings for t in STATUSES} - {(b, t) for b, t, _ in tried}
    for booking, to in missing:
        yield 'D', f'nobody tried to make {s.name(booking)} {to}'


def check_catalogue(targets):
    """targets: {status: valid_targets(status)}."""
    for status in STATUSES:
        got = set(targets.get(status, ()))
        if got - {'confirmed'} != TARGETS[status] - {'confirmed'} or (
                ('confirmed' in got) != ('confirmed' in TARGETS[status]) and status != 'no_show'):
            yield 'D', f"valid_targets('{status}') is {sorted(got)}, not {sorted(TARGETS[status])}"


# ---- E: holds ----

def lives(s, booking):
    """The lives of a hold: lists of (action, what it means for the hold)."""
    result, previous = [], None
    for a, values in zip(s.audit[booking], replayed(s, booking)):
        held = values.get('status') == 'held'
        was_held = previous is not None and previous.get('status') == 'held'
        if held and not was_held:
            result.append([(a['action'], 'begins')])
        elif held:
            means = 'goes on'
            if previous.get('expires_at') != values.get('expires_at'):
                means = 'taken again' if lapsed(previous, moment(a['at'])) else 'refreshed'
            if means == 'taken again':
                result[-1].append((a['action'], 'expired'))
                result.append([(a['action'], 'begins')])
            else:
                result[-1].append((a['action'], means))
        elif was_held:
            over = lapsed(previous, moment(a['at']))
            if values.get('status') in ('pending', 'confirmed'):
                means = 'converted too late' if over else 'converted'
            elif values.get('reason_code') == 'hold_expired':
                means = 'expired' if over else 'expired too soon'
            else:
                means = 'released too late' if over else 'released'
            result[-1].append((a['action'], means))
        previous = values
    return result


BEGINS = {'hold', 'refresh_hold', 'promote', 'reverse'}
ENDS = {'converted': {'checkout', 'reverse'}, 'released': {'release_hold', 'cancel', 'reverse'},
        'expired': {'expire', 'refresh_hold', 'reverse'}, 'refreshed': {'refresh_hold', 'reverse'},
        'goes on': {'reschedule', 'reassign', 'amend', 'add_note', 'reverse', 'record_payment'}}


def check_holds(s):
    states = {h['booking_id']: h['state'] for h in s.rows['holds']}
    for booking, row in s.bookings.items():
        all_lives = lives(s, booking)
        for n, life in enumerate(all_lives):
            words = ', '.join(f'{action} {means}' for action, means in life)
            if life[0][0] not in BEGINS:
                yield 'E', f'{s.name(booking)}: a hold begins by {life[0][0]}'
            ends = [m for _, m in life[1:] if m not in ('goes on', 'refreshed')]
            open_still = n == len(all_lives) - 1 and row['status'] == 'held'
            if len(ends) != (0 if open_still else 1):
                yield 'E', f'{s.name(booking)}: a hold ended {len(ends)} times: {words}'
            for action, means in life[1:]:
                if action not in ENDS.get(means, ()):
                    yield 'E', f'{s.name(booking)}: {action} made that a hold {means}: {words}'
        if not all_lives:
            if row['held_at'] is not None:
                yield 'E', f'{s.name(booking)} has held_at and was never held'
            continue
        if row['held_at'] is None and all_lives[-1][-1][0] == 'reverse':
            state = None  # a promotion that was undone: it was never held
        elif row['status'] == 'held':
            state = 'expired' if lapsed(row, s.now) else 'active'
        else:
            state = 'converted'
            if row['status'] == 'cancelled' and row['reason_code'] in ('hold_expired', 'hold_released'):
                state = row['reason_code'].removeprefix('hold_')
        if states.get(booking) != state:
            yield 'E', f'{s.name(booking)}: the view says {states.get(booking)}, not {state}'


# ---- F: what follows from a booking ----

def stamps(s, booking):
    """When a session passed which moments; an undo gives back those before."""
    result, states, previous = {}, [], None
    for a in s.audit[booking]:
        status = a['status']
        if a['action'] == 'reverse' and len(states) >= 2:
            result = dict(states[-2])
        elif status != previous or previous is None:
            result = {k: v for k, v in result.items() if k in ('checked_in_at', 'started_at')}
            for at, reached in (('checked_in_at', 'checked_in'), ('started_at', 'being_served'),
                                ('completed_at', 'completed'), ('no_show_at', 'no_show'),
                                ('cancelled_at', 'cancelled')):
                if status == reached:
                    result.setdefault(at, a['at'])
        states.append(result)
        previous = status
    return result


def check_sessions(s):
    for booking, row in s.bookings.items():
        session = s.sessions.get(booking)
        if any(a['status'] in SERVED for a in s.audit[booking]) != (session is not None):
            yield 'F', f"{s.name(booking)}, {row['status']}: {'a' if session else 'no'} service session"
        if session is None:
            continue
        want = {'status': row['status'], 'scheduled_from': row['starts_at'],
                'scheduled_until': row['ends_at'], 'resource_ids': row['resource_ids']}
        if row['status'] in ('held', 'waitlisted'):     # by an undo
            want = {}
        for k in ('checked_in_at', 'started_at', 'completed_at', 'no_show_at', 'cancelled_at'):
            if row['status'] in SERVED | TERMINAL:
                want[k] = stamps(s, booking).get(k)
        for k, v in want.items():
            if canonical(session[k]) != canonical(v):
                yield 'F', f'{s.name(booking)}: {k} of its session is {session[k]}, not {v}'
    for booking in set(s.sessions) - set(s.bookings):
        yield 'F', f'a session is of booking {booking}, which does not exist'


def check_orders(s):
    sums = defaultdict(lambda: [0, 0, 0])
    for booking, items in s.items.items():
        row = s.bookings.get(booking)
        for i in items:
            if i['voided_at'] is None:
                total = sums[i['order_id']]
                total[0], total[1], total[2] = total[0] + i['amount'], total[1] + i['tax'], total[2] + 1
            if row is None or row['order_id'] != i['order_id']:
                if i['voided_at'] is None or row is None:
                    yield 'F', f'{s.name(booking)} is on an order that it does not know'
                continue
            if (i['voided_at'] is not None) != (row['status'] == 'cancelled'):
                yield 'F', f"{s.name(booking)}, {row['status']}: its item is{' not' * (i['voided_at'] is None)} void"
            if i['voided_at'] is None and (i['amount'], i['tax']) != (row['price'], row['tax']):
                yield 'F', f"{s.name(booking)} costs {row['price']}, on its order {i['amount']}"
    for booking, row in s.bookings.items():
        if row['order_id'] and not any(i['order_id'] == row['order_id'] for i in s.items[booking]):
            yield 'F', f'{s.name(booking)} is not on its order'
    for order in s.rows['orders']:
        total, tax, count = sums.pop(order['id'], (0, 0, 0))
        if (order['total'], order['tax_total']) != (total, tax):
            yield 'F', f"an order is over {order['total']} ({order['tax_total']}), its items are {total} ({tax})"
        if (order['status'] == 'voided') != (count == 0):
            yield 'F', f"an order with {count} items is {order['status']}"
    if sums:
        yield 'F', 'items are on no order'


def check_outbox(s):
    effects = defaultdict(list)
    for o in s.rows['outbox']:
        if o['topic'] != 'refund_due':  # of a payment, whenever it comes
            effects[o['booking_id'], o['booking_version']].append(o)
    notify = {c['id']: c['notify'] for c in s.rows['customers']}
    for booking, rows in s.audit.items():
        states = replayed(s, booking)
        for n, a in enumerate(rows):
            what = f"{s.name(booking)}, version {a['version']}, {a['action']}"
            queued = effects.pop((booking, a['version']), [])
            # who waits is told each time that there is room, which is no change of his
            once = [(o['topic'], o['event'] == 'notify' and o['created_at']) for o in queued]
            if len(once) != len(set(once)):
                yield 'F', f'{what}: the same effect twice: {once}'
            topics = [o['topic'] for o in queued if o['event'] != 'notify']
            # an undo of an undo asks again for what was asked for
            if a['action'] != 'reverse' and any(o['event'] not in (a['action'], 'notify') for o in queued):
                yield 'F', f'{what}: effects of {[o["event"] for o in queued]}'
            if a['action'] not in TOPICS:
                continue
            want = set(TOPICS[a['action']])
            customer = states[n].get('customer_id')
            if a['action'] in TO_CUSTOMER and notify.get(customer, True):
                want.add('notification')
            before = states[n - 1 if n else 0].get('status')
            if before in ('held', 'waitlisted') and a['action'] != 'checkout':
                want &= {'follow_up'} if a['action'] == 'expire' else set()
            if set(topics) != want:
                yield 'F', f'{what}: queued {sorted(topics)}, not {sorted(want)}'
    for booking, version in effects:
        yield 'F', f'an effect is of {booking}, version {version}, which is none'


# ---- G: the past ----

def check_past(name, row, then):
    """row: a copy from that time, then: what booking_as_of() says."""
    if not then:
        yield 'G', f'{name} was nothing at that time'
        return
    then = then[0] | (then[0].get('booking') or {})     # every column, some also apart
    for k in set(row) & set(then) - CHANGE - {'name', 'during'}:
        if canonical(row[k]) != canonical(then[k]):
            yield 'G', f'{name}: {k} was {row[k]}; looked back at, it was {then[k]}'


# ---- all of a snapshot ----

CHECKS = [check_audit, check_occupied, check_holds, check_sessions, check_orders, check_outbox]


def complaints(s):
    return [c for check in CHECKS for c in check(s)]
