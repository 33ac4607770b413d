"""Spoiled tables and a spoiled model, of which the checks of replay.py must complain.

A store is brought into a state that has a bit of everything.  Then one thing after
the other is changed behind the engine's back, with triggers off, and taken back.
"""

import copy
from datetime import timedelta
from random import Random

import replay
from commands import DAY, Step, shop
from replay import check_past, check_step, check_targets, check_undone, complaints

HERE = 'tenant_id = booking.current_tenant()'


def of(name):
    return f"{HERE} AND id = model.b('{name}')"


def for_booking(name):
    return f"{HERE} AND booking_id = model.b('{name}')"


CUSTOMER = f"(SELECT id FROM booking.customers WHERE {HERE} AND name = 'Cora')"

# (minutes after 7:00, SQL); s1.1 is the first booking that the first of them makes
STORY = [
    (0, "SELECT FROM booking.hold(booking.service_id('single'), '2030-03-04 09:00Z', ttl => '1 hour')"),
    (1, "SELECT FROM booking.hold(booking.service_id('class'), '2030-03-04 10:00Z', units => 1, ttl => '10 min')"),
    (2, "SELECT FROM booking.hold(booking.service_id('class'), '2030-03-04 12:00Z', ttl => '5 min')"),
    (3, "SELECT FROM booking.refresh_hold(model.b('s1.1'), '2 hours')"),
    (4, "SELECT FROM booking.checkout(ARRAY[model.b('s1.1'), model.b('s2.1')],"
        " '{\"email\": \"cora@example.com\", \"name\": \"Cora\"}')"),
    (30, 'SELECT booking.expire_holds()'),
    (31, "SELECT FROM booking.book(booking.service_id('single'), '2030-03-04 15:00Z',"
         " '{\"name\": \"Max\"}', title => 'Secret', metadata => '{\"a\": 1.50}')"),
    (32, "SELECT FROM booking.cancel(model.b('s7.1'), 'customer_request')"),
    (33, "SELECT FROM booking.book(booking.service_id('single'), '2030-03-04 07:30Z', '{\"name\": \"Ida\"}')"),
    (40, "SELECT FROM booking.check_in(model.b('s9.1'))"),
    (41, "SELECT FROM booking.start_serving(model.b('s9.1'))"),
    (42, "SELECT FROM booking.add_note(model.b('s9.1'), 'shy')"),
    (90, "SELECT FROM booking.complete(model.b('s9.1'))"),
    (91, "SELECT FROM booking.hold(booking.service_id('pair'), '2030-03-04 16:00Z', ttl => '1 day')"),
    (92, "SELECT FROM booking.reschedule(model.b('s2.1'), '2030-03-04 11:00Z')"),
]

# (what must be complained of, SQL)
SPOILED = [
    ('A', f"UPDATE booking.bookings SET party_size = 9 WHERE {of('s1.1')}"),
    ('A', f"UPDATE booking.bookings SET metadata = '{{\"a\": 1.51}}' WHERE {of('s7.1')}"),
    ('A', f"UPDATE booking.bookings SET title = 'Public' WHERE {of('s7.1')}"),
    ('A', f"UPDATE booking.bookings SET version = version + 1 WHERE {of('s1.1')}"),
    ('A', f"UPDATE booking.bookings SET actor = 'nobody' WHERE {of('s1.1')}"),
    ('A', f"DELETE FROM booking.bookings WHERE {of('s3.1')}"),
    ('A', f"DELETE FROM booking.audit_log WHERE {for_booking('s1.1')} AND version = 2"),
    ('A', f"DELETE FROM booking.audit_log WHERE {for_booking('s1.1')} AND version = 1"),
    ('A', f"UPDATE booking.audit_log SET version = version + 1 WHERE {for_booking('s3.1')} AND version = 2"),
    ('A', f"UPDATE booking.audit_log SET old_values = jsonb_set(old_values, '{{status}}', '\"pending\"')"
          f" WHERE {for_booking('s1.1')} AND version = 3"),
    ('A', f"UPDATE booking.audit_log SET old_values = '{{}}', new_values = '{{}}'"
          f" WHERE {for_booking('s2.1')} AND version = 3"),
    ('A', f"UPDATE booking.audit_log SET reason_code = 'other' WHERE {for_booking('s7.1')} AND version = 2"),
    ('A', f"UPDATE booking.audit_private SET private_values = private_values || '{{\"x\": 1}}'"
          f" WHERE {for_booking('s7.1')}"),
    ('A', f"DELETE FROM booking.audit_private WHERE {for_booking('s9.1')}"),
    ('B', f"DELETE FROM booking.allocations WHERE {for_booking('s1.1')}"),
    ('B', f"DELETE FROM booking.allocations WHERE {for_booking('s9.1')}"),
    ('B', f"UPDATE booking.allocations SET during = tstzrange(lower(during), upper(during) + '1 s')"
          f" WHERE {for_booking('s1.1')}"),
    ('B', f"UPDATE booking.allocations SET during = tstzrange(lower(during), upper(during) + '1 s')"
          f" WHERE {for_booking('s9.1')}"),
    ('B', f"UPDATE booking.allocations SET units = 2 WHERE {for_booking('s2.1')}"),
    ('B', f"UPDATE booking.allocations SET exclusive = false WHERE {for_booking('s1.1')}"),
    ('B', f"UPDATE booking.allocations SET expires_at = expires_at + interval '1 min' WHERE {for_booking('s14.1')}"),
    ('B', f"UPDATE booking.allocations SET resource_id = booking.resource_id('bela') WHERE {for_booking('s1.1')}"),
    ('B', f"UPDATE booking.allocations SET booking_id = booking.new_id() WHERE {for_booking('s1.1')}"),
    ('B', f"UPDATE booking.allocations SET booking_id = model.b('s7.1') WHERE {for_booking('s1.1')}"),
    ('E', f"UPDATE booking.audit_log SET action = 'checkout' WHERE {HERE} AND action = 'refresh_hold'"),
    ('E', f"UPDATE booking.audit_log SET at = at - interval '1 hour' WHERE {HERE} AND action = 'expire'"),
    ('E', f"UPDATE booking.audit_log SET at = at + interval '1 day' WHERE {HERE} AND action = 'checkout'"),
    ('E', f"UPDATE booking.bookings SET held_at = NULL WHERE {of('s3.1')}"),
    ('F', f"UPDATE booking.service_sessions SET status = 'pending' WHERE {for_booking('s1.1')}"),
    ('F', f"UPDATE booking.service_sessions SET scheduled_from = now() WHERE {for_booking('s2.1')}"),
    ('F', f"UPDATE booking.service_sessions SET started_at = NULL WHERE {for_booking('s9.1')}"),
    ('F', f"UPDATE booking.service_sessions SET booking_id = model.b('s3.1') WHERE {for_booking('s9.1')}"),
    ('F', f"UPDATE booking.orders SET total = total + 0.01 WHERE {HERE} AND status = 'open'"),
    ('F', f"UPDATE booking.orders SET status = 'open' WHERE {HERE} AND status = 'voided'"),
    ('F', f"UPDATE booking.order_items SET amount = amount + 0.01 WHERE {for_booking('s1.1')}"),
    ('F', f"UPDATE booking.order_items SET voided_at = now() WHERE {for_booking('s1.1')}"),
    ('F', f"DELETE FROM booking.order_items WHERE {for_booking('s1.1')}"),
    ('F', "INSERT INTO booking.outbox SELECT tenant_id, booking.new_id(), booking_id, topic, event,"
          f" booking_version, status, due_at, attempts, created_at FROM booking.outbox WHERE {for_booking('s1.1')}"),
    ('F', f"DELETE FROM booking.outbox WHERE {for_booking('s1.1')} AND topic = 'calendar_sync'"),
    ('F', f"UPDATE booking.outbox SET event = 'book' WHERE {for_booking('s1.1')}"),
    ('F', f"UPDATE booking.outbox SET booking_version = 77 WHERE {for_booking('s1.1')}"),
]


def spoil_tables(tenant):
    """What nobody complained of."""
    for kind, sql in SPOILED:
        _, errors = tenant.database.run(
            'BEGIN; SET LOCAL session_replication_role = replica;\n'
            'ALTER TABLE booking.audit_log DISABLE TRIGGER derived_guard;\n'
            'ALTER TABLE booking.audit_private DISABLE TRIGGER derived_guard;\n' + sql + ';')
        spoiled = tenant.read() if not errors else None
        tenant.database.run('ROLLBACK;')
        if errors:
            yield f'{sql}: {errors}'
        elif spoiled.rows == tenant.snapshot.rows:
            yield f'{sql}: changed nothing'
        elif kind not in {k for k, _ in complaints(spoiled)}:
            yield f'{sql}: no complaint {kind}'


def spoil_model(tenant, tried):
    """The same of another lifecycle, and of other outcomes."""
    statuses = {b['status'] for b in tenant.snapshot.bookings.values()}
    for status in sorted(statuses):
        for to in replay.STATUSES:
            if to == status:
                continue
            replay.TARGETS[status] ^= {to}
            # a time rule may forbid what the lifecycle allows
            if not list(check_targets(tenant.snapshot, tried)) and (status, to) not in NOT_NOW:
                yield f'the model has {status} to {to} the other way round: no complaint'
            replay.TARGETS[status] ^= {to}
    for n, (booking, to, result) in enumerate(tried):
        other = tried[:n] + [[booking, to, 'ZB101' if result == 'ok' else 'ok']] + tried[n + 1:]
        if not list(check_targets(tenant.snapshot, other)):
            yield f'{to} ended in {other[n][2]}: no complaint'
    if not list(check_targets(tenant.snapshot, tried[1:])):
        yield 'a status was not tried: no complaint'


NOT_NOW = {('cancelled', 'held')}       # allowed in spite of the table, to an expired hold


def spoil_steps(tenant, before):
    """Of a change that a step must not have made."""
    after = tenant.snapshot
    booking = next(iter(after.bookings))

    def with_rows(**changes):
        return replay.Snapshot(dict(after.rows, **changes), after.services, after.resources)

    rows = copy.deepcopy(after.rows['bookings'])
    rows[0]['title'] = 'changed'
    yield 'a row changed without a version', check_step(after, with_rows(bookings=rows), False)
    rows[0]['version'] += 1
    yield 'a version without history', check_step(after, with_rows(bookings=rows), False)
    yield 'a booking is gone', check_step(after, with_rows(bookings=after.rows['bookings'][1:]), False)
    audit = copy.deepcopy(after.rows['audit'])
    audit[0]['actor'] = 'nobody'
    yield 'history was rewritten', check_step(after, with_rows(audit=audit), False)
    yield 'a failed statement changed something', check_step(before, after, True)
    row = after.bookings[booking]
    for column in ('units', 'expires_at', 'title', 'price', 'resource_ids', 'previous_status'):
        former = dict(row, **{column: 'other'})
        yield f'undone, {column} is another', check_undone(None, former, after, booking)
        yield f'looked back at, {column} is another', check_past('x', row, [former])
    sessions = copy.deepcopy(after.rows['sessions'])
    served = sessions[0]['booking_id']
    sessions[0]['checked_in_at'] = 'never'
    yield 'undone, the session is another', check_undone(with_rows(sessions=sessions), after.bookings[served],
                                                         after, served)
    items = copy.deepcopy(after.rows['items'])
    items[0]['voided_at'] = None if items[0]['voided_at'] else 'never'
    ordered = items[0]['booking_id']
    yield 'undone, the order is another', check_undone(with_rows(items=items), after.bookings[ordered],
                                                       after, ordered)
    yield 'looked back at, nothing', check_past('x', row, [])
    allocations = copy.deepcopy(after.rows['allocations'])
    for a in allocations:
        a['resource_id'] = allocations[0]['resource_id']
        a['from'], a['until'] = allocations[0]['from'], allocations[0]['until']
        a['expires_at'] = None
    yield 'too much is taken', (c for c in replay.check_capacity(with_rows(allocations=allocations)))


def spoil(make_tenant):
    """Plays the story and spoils it; complaints about missing complaints."""
    tenant = make_tenant(shop(Random('mutations')))
    for n, (minutes, sql) in enumerate(STORY, 1):
        before = tenant.snapshot
        step = Step(DAY + timedelta(hours=7, minutes=minutes), 'staff', [sql], 'sue', what='story')
        if found := tenant.play(f's{n}', step):
            return [f'{sql}: {text}' for _, text in found]
        if tenant.counts['story', 'failed']:
            return [f'{sql} failed']
    tried = tenant.tried()
    if found := list(check_targets(tenant.snapshot, tried)):
        return [text for _, text in found]
    result = list(spoil_tables(tenant)) + list(spoil_model(tenant, tried))
    result += [f'{what}: no complaint' for what, found in spoil_steps(tenant, before) if not list(found)]
    tenant.leave()
    return result
