#!/usr/bin/env python3
"""
Whatever is done to a store, in whatever order: its tables fit together.

    sequences.py [--seed N] [--sequences N] [--steps N] [--only N] [--print] [--mutate]

Random sequences of commands (commands.py), by function and by plain SQL, are
played in the database that PGHOST, PGPORT, PGDATABASE and PGUSER name, as a
superuser, each in a tenant of its own; the database needs a booking store.
After each step the tables are read and must be as replay.py says, and a step
that failed must have changed nothing and ended in an error of the catalogue.
Every few steps each booking is tried to be brought into each status.

The first complaint is made small, and shown as SQL that can be run.  A sequence
depends on the seed and its number alone: --only plays just that one.

--mutate then spoils the tables, one change after the other and each undone
again, and demands that a complaint is made of each.
"""

import argparse
import json
import os
import random as rnd
import re
import subprocess
import sys
import threading
import uuid
from collections import Counter, defaultdict
from decimal import Decimal

from commands import Commands, Step, shop
from mutations import spoil
from replay import (STATUSES, Snapshot, check_catalogue, check_past, check_step, check_targets,
                    check_undone, complaints)

PSQL = [os.environ.get('PSQL', 'psql'), '-XqAt', '-v', 'ON_ERROR_STOP=0', '-v', 'VERBOSITY=verbose', '-f', '-']

HELPERS = r"""
SET client_min_messages = error; SET datestyle = 'ISO'; SET timezone = 'UTC';
SET intervalstyle = 'iso_8601'; SET booking.notify = 'off';
DROP SCHEMA IF EXISTS model CASCADE;
CREATE SCHEMA model;
CREATE TABLE model.names (tenant uuid, name text, id uuid);
CREATE TABLE model.tokens (tenant uuid, step text, id uuid, version int, token text);
CREATE FUNCTION model.b(name text) RETURNS uuid STABLE LANGUAGE sql AS $$
	SELECT n.id FROM model.names AS n WHERE n.tenant = booking.current_tenant() AND n.name = b.name
$$;
CREATE FUNCTION model.token(step text) RETURNS text STABLE LANGUAGE sql AS $$
	SELECT t.token FROM model.tokens AS t WHERE t.tenant = booking.current_tenant() AND t.step = token.step
	   AND t.token IS NOT NULL ORDER BY t.id LIMIT 1
$$;
-- Gives names to the bookings that have none.
CREATE FUNCTION model.name_bookings(step text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO model.names
	SELECT b.tenant_id, format('%s.%s', step, row_number() OVER (ORDER BY b.id)), b.id
	  FROM booking.bookings AS b WHERE b.tenant_id = booking.current_tenant()
	   AND NOT EXISTS (SELECT FROM model.names AS n WHERE n.tenant = b.tenant_id AND n.id = b.id)
$$;
-- Tries to bring each booking into each status, and takes it back.
CREATE FUNCTION model.try_statuses(statuses text[]) RETURNS TABLE (id uuid, status text, result text)
LANGUAGE plpgsql AS $$
BEGIN
	FOR id, status IN SELECT b.id, s FROM booking.bookings AS b, unnest(statuses) AS s
					   WHERE b.tenant_id = booking.current_tenant() LOOP
		BEGIN
			UPDATE booking.bookings AS b SET status = try_statuses.status, reason_code =
				CASE WHEN b.status <> try_statuses.status AND try_statuses.status IN ('cancelled', 'no_show')
					THEN 'other' ELSE b.reason_code END
			 WHERE b.tenant_id = booking.current_tenant() AND b.id = try_statuses.id;
			RAISE EXCEPTION USING ERRCODE = 'MODEL';
		EXCEPTION WHEN OTHERS THEN
			result := CASE SQLSTATE WHEN 'MODEL' THEN 'ok' ELSE SQLSTATE END;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
CREATE FUNCTION model.rows(the_tenant uuid) RETURNS json STABLE LANGUAGE sql AS $$
	SELECT json_build_object(
	'now', booking.now(),
	'bookings', (SELECT json_agg(b) FROM (SELECT b.*, n.name FROM booking.bookings AS b
		LEFT JOIN model.names AS n ON n.tenant = b.tenant_id AND n.id = b.id
		WHERE b.tenant_id = the_tenant ORDER BY b.id) AS b),
	'allocations', (SELECT json_agg(json_build_object('booking_id', a.booking_id, 'resource_id', a.resource_id,
		'from', lower(a.during::tstzrange), 'until', upper(a.during::tstzrange), 'units', a.units,
		'exclusive', a.exclusive, 'expires_at', a.expires_at))
		FROM booking.allocations AS a WHERE a.tenant_id = the_tenant),
	'audit', (SELECT json_agg(a) FROM (SELECT a.booking_id, a.version, a.branch_id, a.request_id, a.actor,
		a.actor_kind, a.channel, a.action, a.status, a.old_values, a.new_values,
		encode(a.private_digest, 'hex') AS private_digest, a.reason_code, a.reversible, a.overrides,
		a.metadata, a.at FROM booking.audit_log AS a WHERE a.tenant_id = the_tenant) AS a),
	'private', (SELECT json_agg(json_build_object('booking_id', p.booking_id, 'version', p.version,
		'salt', encode(p.salt, 'hex'), 'private_values', p.private_values, 'private_text', p.private_values::text))
		FROM booking.audit_private AS p WHERE p.tenant_id = the_tenant),
	'sessions', (SELECT json_agg(s) FROM booking.service_sessions AS s WHERE s.tenant_id = the_tenant),
	'orders', (SELECT json_agg(o) FROM booking.orders AS o WHERE o.tenant_id = the_tenant),
	'items', (SELECT json_agg(i) FROM booking.order_items AS i WHERE i.tenant_id = the_tenant),
	'outbox', (SELECT json_agg(o) FROM (SELECT o.booking_id, o.booking_version, o.topic, o.event, o.status, o.created_at
		FROM booking.outbox AS o WHERE o.tenant_id = the_tenant) AS o),
	'customers', (SELECT json_agg(c) FROM (SELECT c.id, c.notify FROM booking.customers AS c
		WHERE c.tenant_id = the_tenant) AS c),
	'notes', (SELECT json_agg(n) FROM booking.notes AS n WHERE n.tenant_id = the_tenant),
	'holds', (SELECT json_agg(h) FROM (SELECT h.booking_id, h.state FROM booking.holds AS h
		WHERE h.tenant_id = the_tenant) AS h))
$$;
"""


class Database:
    """A psql that stays open."""

    def __init__(self):
        self.psql = subprocess.Popen(PSQL, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, bufsize=1)
        self.asked = 0
        self.errors = []
        self.complete = threading.Event()
        threading.Thread(target=self.read_errors, daemon=True).start()

    def read_errors(self):
        for line in self.psql.stderr:
            if line.rstrip('\n') == f'end {self.asked}':
                self.complete.set()
            else:
                self.errors.append(line.rstrip('\n'))

    def run(self, sql):
        """What psql printed, and the errors: [(SQLSTATE, message)]."""
        self.asked += 1
        self.errors = []
        self.complete.clear()
        self.psql.stdin.write(f'{sql}\n\\echo end {self.asked}\n\\warn end {self.asked}\n')
        self.psql.stdin.flush()
        lines = []
        while (line := self.psql.stdout.readline()).rstrip('\n') != f'end {self.asked}':
            if not line:
                raise SystemExit('the server is gone: ' + '\n'.join(self.errors))
            lines.append(line.rstrip('\n'))
        self.complete.wait()
        return lines, re.findall(r'(?:ERROR|FATAL|PANIC): +(\w{5}): (.*)', '\n'.join(self.errors))

    def value(self, sql):
        lines, errors = self.run(sql)
        if errors or not lines:
            raise RuntimeError(f'{sql}\n{errors or self.errors}')
        return json.loads('\n'.join(lines), parse_float=Decimal)


class Tenant:
    """A sequence as it is played: the tables after each step, and what was wrong."""

    def __init__(self, database, shop, name, catalogue):
        self.database = database
        self.catalogue = catalogue
        self.shop = shop
        self.id = str(uuid.uuid4())
        _, errors = database.run(shop.sql(self.id, f's{self.id[:8]}'))
        if errors:
            raise RuntimeError(f'{name}: {errors}')
        here = f"WHERE tenant_id = '{self.id}'"
        ids = {table: database.value(f'SELECT json_object_agg(code, id) FROM booking.{table} {here};')
               for table in ('services', 'resources')}
        self.services = {ids['services'][v.code]: v for v in shop.services}
        self.resources = {ids['resources'][r.code]: r for r in shop.resources}
        self.snapshot = self.read()
        self.copies = {}        # (booking, version): (row, Snapshot)
        self.used = set()       # tokens
        self.counts = Counter()

    def leave(self):
        """Ends what would lapse later: expire_holds() is for all tenants."""
        self.database.run("SET booking.now = '2040-01-01 00:00Z'; SELECT booking.expire_holds(100000);")

    def read(self):
        rows = self.database.value(f"SELECT model.rows('{self.id}');")
        return Snapshot({k: v or [] for k, v in rows.items()}, self.services, self.resources)

    def play(self, name, step):
        """Plays a step; complaints."""
        before = self.snapshot
        token = self.token(step.undoes) if step.undoes else None
        _, errors = self.database.run(f"\\set step '{name}'\n{step.sql(self.id)}")
        self.database.run(f"SELECT model.name_bookings('{name}');")
        after = self.snapshot = self.read()
        codes = [code for code, _ in errors]
        self.counts[step.what, 'failed' if codes else 'done'] += 1
        found = []
        for code, message in errors:
            self.counts[code] += 1
            if code not in self.catalogue | FOLLOWING:
                found.append(('X', f'error {code}: {message}'))
        # some of a transaction's steps may have been taken back
        found += check_step(before, after, codes and not step.transaction)
        found += complaints(after)
        if token:
            found += self.judge_undo(token, before, after, codes)
        for booking, row in after.bookings.items():
            self.copies.setdefault((booking, row['version']), (row, after))
        return found

    def token(self, name):
        """The token that a step returned: {id, version, token}."""
        rows = self.database.value(
            f"SELECT coalesce(json_agg(json_build_object('id', id, 'version', version, 'token', token)), '[]')"
            f" FROM model.tokens WHERE tenant = '{self.id}' AND step = '{name}' AND token IS NOT NULL;")
        return min(rows, key=lambda r: r['id']) if rows else None

    def judge_undo(self, token, before, after, codes):
        booking, version = token['id'], token['version']
        row = before.bookings[booking]
        if not codes:
            self.counts['undone'] += 1
            if token['token'] in self.used:
                yield 'C', f'{after.name(booking)}: a token was redeemed twice'
            self.used.add(token['token'])
            if row['version'] != version:
                yield 'C', f'{after.name(booking)}: version {version} was undone at version {row["version"]}'
            if after.bookings[booking]['version'] != row['version'] + 1:
                yield 'C', f'{after.name(booking)}: an undo is one change'
            former, then = self.copies.get((booking, version - 1), (None, None))
            if former:
                yield from check_undone(then, former, after, booking)
        elif ((token['token'] in self.used or row['version'] != version)
                and not set(codes) <= {'ZB307', 'ZB308', 'ZB309', 'ZB310', '42501'}):
            yield 'C', f'{after.name(booking)}: a token of the past ended in {codes}'

    def tried(self):
        """What became of bringing each booking into each status, as staff."""
        statuses = '{' + ','.join(STATUSES) + '}'
        staff = Step(self.snapshot.now, 'staff', [], 'sue')
        self.database.run('\n'.join(staff.context(self.id)))
        return self.database.value(
            "SELECT coalesce(json_agg(json_build_array(t.id, t.status, t.result)), '[]')"
            f" FROM model.try_statuses('{statuses}') AS t;")

    def try_statuses(self):
        tried = self.tried()
        found = list(check_targets(self.snapshot, tried))
        before, self.snapshot = self.snapshot, self.read()
        found += check_step(before, self.snapshot, True)
        self.counts['statuses tried'] += len(tried)
        return found

    def look_back(self):
        """booking_as_of() of what earlier copies of the table say."""
        found = []
        latest = {}
        for (booking, version), (row, snapshot) in self.copies.items():
            rows = snapshot.audit[booking]
            if rows and rows[-1]['version'] == version:
                latest[booking, snapshot.now] = row
        for (booking, at), row in rnd.Random(self.shop.settings['undo_window']).sample(
                sorted(latest.items(), key=lambda x: (str(x[0][1]), x[0][0])), min(8, len(latest))):
            self.counts['looked back'] += 1
            then = self.database.value(AS_OF.format(tenant=self.id, booking=booking, at=at.isoformat()))
            found += check_past(self.snapshot.name(booking), row, then)
        return found


# What a transaction that has failed answers to the rest of its statements.
FOLLOWING = {'25P02', '3B001'}
AS_OF = ("SELECT coalesce((SELECT json_agg(to_jsonb(x)) FROM"
         " booking.booking_as_of('{booking}', timestamptz '{at}') AS x), '[]');")


class Player:
    def __init__(self, arguments):
        self.arguments = arguments
        self.database = Database()
        _, errors = self.database.run(HELPERS)
        if errors:
            raise SystemExit(f'helpers: {errors}')
        rows = self.database.value("SELECT json_agg(json_build_array(proname, coalesce(proargnames, '{}')))"
                                   " FROM pg_proc WHERE pronamespace = 'booking'::regnamespace;")
        self.functions = defaultdict(list)
        for name, arguments in rows:
            self.functions[name] += arguments
        self.catalogue = set(self.database.value('SELECT json_agg(sqlstate) FROM booking.error_codes;'))
        self.counts = Counter()

    def sequence(self, number):
        """Plays a new sequence: its shop, steps, and complaints."""
        random = rnd.Random(f'{self.arguments.seed}/{number}')
        the_shop = shop(random)
        commands = Commands(random, the_shop, self.functions)
        tenant = Tenant(self.database, the_shop, number, self.catalogue)
        self.tenant = tenant
        steps, found = [], []
        for n in range(1, self.arguments.steps + 1):
            step = commands.step(tenant.snapshot)
            steps.append((f's{n}', step))
            found = tenant.play(f's{n}', step)
            if not found and (random.random() < 0.12 or n == self.arguments.steps):
                found = tenant.try_statuses()
            if found:
                break
            if any('model.tokens' in s for s in step.statements) and tenant.token(f's{n}'):
                commands.tokens.append(f's{n}')
        if not found and 'booking_as_of' in self.functions:
            found = tenant.look_back()
        tenant.leave()
        self.counts += tenant.counts
        return the_shop, steps, found

    def again(self, the_shop, steps):
        """Plays given steps in a new tenant; complaints."""
        tenant = Tenant(self.database, the_shop, 'again', self.catalogue)
        found = []
        for name, step in steps:
            if found := tenant.play(name, step) or (name == steps[-1][0] and tenant.try_statuses()):
                break
        tenant.leave()
        return found

    def smaller(self, the_shop, steps, found):
        """The same kind of complaint from fewer steps."""
        kind = found[0][0]
        size = max(1, len(steps) // 2)
        while size:
            position = 0
            while position < len(steps):
                fewer = steps[:position] + steps[position + size:]
                result = self.again(the_shop, fewer) if fewer else []
                if result and result[0][0] == kind:
                    steps, found = fewer, result
                else:
                    position += size
            size //= 2
        return steps, found

    def report(self, number, the_shop, steps, found):
        print(f'sequence {self.arguments.seed}/{number}, step {steps[-1][0]}:')
        for kind, text in found[:5]:
            print(f'  {kind}: {text}')
        steps, found = self.smaller(the_shop, steps, found)
        print(f'made small, {len(steps)} steps:')
        for kind, text in found[:5]:
            print(f'  {kind}: {text}')
        print('\n-- to be run after the helpers of sequences.py')
        tenant = '10000000-0000-7000-8000-000000000000'
        print(the_shop.sql(tenant, 'model'))
        for name, step in steps:
            print(f"\\set step '{name}'\n{step.sql(tenant)}\nSELECT model.name_bookings('{name}');")

    def play(self):
        arguments = self.arguments
        numbers = range(arguments.sequences) if arguments.only is None else [arguments.only]
        targets = self.database.value('SELECT json_object_agg(s.status, booking.valid_targets(s.status))'
                                      ' FROM booking.statuses() AS s;')
        if found := list(check_catalogue(targets)):
            print(found)
            return 1
        for number in numbers:
            the_shop, steps, found = self.sequence(number)
            if arguments.print:
                for name, step in steps:
                    print(f'-- {name} {step.what}\n{step.sql(self.tenant.id)}')
            if found:
                self.report(number, the_shop, steps, found)
                return 1
        played = sum(n for k, n in self.counts.items() if isinstance(k, tuple))
        done = sum(n for k, n in self.counts.items() if isinstance(k, tuple) and k[1] == 'done')
        if arguments.mutate:
            missed = spoil(lambda the_shop: Tenant(self.database, the_shop, 'mutations', self.catalogue))
            if missed:
                print('spoiled, and nobody complained:\n  ' + '\n  '.join(missed))
                return 1
        print(f"{len(numbers)} sequences, {played} steps, {done} of them done,"
              f" {self.counts['statuses tried']} statuses tried, {self.counts['undone']} undone,"
              f" {self.counts['looked back']} looked back at")
        print('done: ' + ', '.join(f'{k[0]} {n}' for k, n in sorted(self.counts.items(), key=str)
                                   if isinstance(k, tuple) and k[1] == 'done'))
        print('errors: ' + ', '.join(f'{k} {n}' for k, n in sorted(self.counts.items(), key=str)
                                     if isinstance(k, str) and len(k) == 5))
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().split('\n')[0])
    parser.add_argument('--seed', type=int, default=835658)
    parser.add_argument('--sequences', type=int, default=20)
    parser.add_argument('--steps', type=int, default=50)
    parser.add_argument('--only', type=int)
    parser.add_argument('--print', action='store_true')
    parser.add_argument('--mutate', action='store_true')
    arguments = parser.parse_args()
    return Player(arguments).play()


if __name__ == '__main__':
    sys.exit(main())
