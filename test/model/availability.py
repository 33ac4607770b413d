#!/usr/bin/env python3
"""
Listed is bookable, and both are what a model says that was written apart.

    availability.py [--seed N] [--cases N] [--only N] [--all] [--print]

Random scenarios (generate.py) are played in the database that PGHOST, PGPORT,
PGDATABASE and PGUSER name; it needs a booking store with nothing in it, and is
left as it was.  Of each scenario this compares what rules.py says with

    effective_hours(), availability(), free_busy()   each minute of each resource
    slots()         each minute of a window, the resources chosen, the units left
    suggest_slots() the nearest ones to a time
    book()          with commit_check = grid, on listed starts and others
    explain_slot()  the rules that it names

The first difference is made small, and shown as SQL that can be run.  A
scenario depends on the seed and its number alone: --only plays just that one.
"""

import argparse
import copy
import os
import random as rnd
import subprocess
import sys
import threading
from itertools import zip_longest

from generate import scenario
from rules import Model
from scenario import setup_sql, stamp, uuids
from zones import utc, wall

PSQL = [os.environ.get('PSQL', 'psql'), '-XqAt', '-v', 'ON_ERROR_STOP=0', '-P', 'null=', '-f', '-']

STATES = {'in_past': 'ZB201', 'min_notice': 'ZB202', 'max_advance': 'ZB203', 'outside_hours': 'ZB206',
          'closed': 'ZB207', 'off_grid': 'ZB208', 'not_eligible': 'ZB210', 'taken': '23P01'}

HELPERS = r"""
SET client_min_messages = warning; SET datestyle = 'ISO'; SET timezone = 'UTC';
CREATE SCHEMA model;
CREATE FUNCTION model.codes(ids uuid[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(code, ',' ORDER BY code) FROM booking.resources WHERE id = ANY (ids)
$$;
-- Books, says on what, and takes it back.
CREATE FUNCTION model.try_book(service uuid, start timestamptz, named uuid[], units int)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	booked uuid;
	codes text;
BEGIN
	SELECT booking_id INTO booked
	  FROM booking.book(service, start, '{"name": "model"}', resources => named, units => units);
	SELECT model.codes(resource_ids) INTO codes FROM booking.bookings WHERE id = booked;
	RAISE EXCEPTION USING ERRCODE = 'MODEL';
EXCEPTION WHEN OTHERS THEN
	RETURN CASE SQLSTATE WHEN 'MODEL' THEN codes WHEN 'XX000' THEN SQLERRM ELSE '!' || SQLSTATE END;
END $$;
CREATE FUNCTION model.explain(service uuid, start timestamptz, named uuid[], units int)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(rule, ',' ORDER BY rule) FILTER (WHERE NOT verdict)
			  FROM booking.explain_slot(service, start, resources => named, units => units));
EXCEPTION WHEN OTHERS THEN
	RETURN '!' || SQLSTATE || ' ' || SQLERRM;
END $$;
"""


class Case:
    """A scenario, its questions as SQL, and what the model answers."""

    def __init__(self, s):
        self.s = s
        self.model = Model(s)
        self.lists = [self.listed(q) for q in s.queries]
        self.starts = [self.sample(q, good) for q, good in zip(s.queries, self.lists)]
        self.wishes = [self.wish(q) for q in s.queries]
        self.asked = len(s.queries) * (s.window[1] - s.window[0]) // 60

    def listed(self, query):
        """The starts of the window that can be booked, of all its minutes."""
        first = -(-self.s.window[0] // 60) * 60
        return {t: good for t in range(first, self.s.window[1], 60)
                if (good := self.model.good_choices(t, query))}

    def sample(self, query, listed):
        """Starts to try: listed ones, their neighbours, and where something begins or ends."""
        random = rnd.Random(f'{self.s.name} {query}')
        s, m = self.s, self.model
        starts = set(random.sample(sorted(listed), min(5, len(listed))))
        edges = [t for t in listed if t - 60 not in listed or t + 60 not in listed]
        for t in random.sample(edges, min(3, len(edges))):
            starts |= {t - 1, t, t + random.choice([1, 60])}
        notice = m.setting('min_notice', s.resources, default=0)
        edges = [s.now, s.now + notice] + [t for t, _ in m.latest_start(s.resources)]
        length = s.services[0].minutes * 60
        for r in s.resources:
            before, after = m.buffers(0, r)
            for t in random.sample(range(*s.window), 3):
                for owner in (r, s.branch):
                    if span := m.opening(owner, t):
                        edges += [span[0], span[1] - length, span[0] + before, span[1] - length - after]
            for a, b in m.closed_spans(r, s.window[0]):
                edges += [a - length, b]
            for a, b, _ in m.occupied(r):
                edges += [a - length - after, b + before]
        near = [t for t in edges if s.window[0] - 86400 < t < s.window[1] + 86400]
        for t in random.sample(near, min(5, len(near))):
            starts |= {t, t + random.choice([-60, -1, 1, 60])}
        starts |= set(t // 60 * 60 for t in random.sample(range(*s.window), 2))
        return sorted(starts)

    def wish(self, query):
        """A time, and how far from it the three nearest slots are, up to two hours."""
        t = rnd.Random(f'{self.s.name} wish').randrange(*self.s.window) // 300 * 300
        return t, sorted(abs(d) for d in range(-7200, 7201, 60)
                         if self.model.good_choices(t + d, query))[:3]

    def sql(self):
        s = self.s
        window = f"tstzrange({stamp(s.window[0])}, {stamp(s.window[1])})"
        service = s.services[0].uuid
        sql = ['BEGIN;'] + setup_sql(s)
        for r in s.resources:
            for f in ('effective_hours', 'availability'):
                sql.append(f"SELECT '{f}', '{r.code}', extract(epoch FROM lower(x))::bigint,"
                           ' extract(epoch FROM upper(x))::bigint'
                           f" FROM unnest(booking.{f}('{r.uuid}', {window})) AS x;")
        sql.append("SELECT 'free_busy', model.codes(ARRAY[resource_id]),"
                   ' extract(epoch FROM lower(during))::bigint,'
                   ' extract(epoch FROM upper(during))::bigint, kind, units_free'
                   f' FROM booking.free_busy({uuids(r.n for r in s.resources)}, {window});')
        for n, q in enumerate(s.queries):
            named = f'{uuids(q.named)}::uuid[]'
            sql.append(f"SELECT 'wish', {n}, extract(epoch FROM distance)::bigint"
                       f" FROM booking.suggest_slots('{service}', {stamp(self.wishes[n][0])},"
                       f' resources => {named}, units => {q.units}, max => 3);')
            sql.append(f"SELECT 'slot', {n}, extract(epoch FROM starts_at)::bigint,"
                       ' extract(epoch FROM ends_at)::bigint, model.codes(resource_ids), remaining,'
                       f" local_start FROM booking.slots('{service}', {window},"
                       f' resources => {named}, units => {q.units});')
            sql.append(f"SELECT 'try', {n}, t, model.try_book('{service}', to_timestamp(t), {named},"
                       f" {q.units}), model.explain('{service}', to_timestamp(t), {named}, {q.units})"
                       f" FROM unnest('{{{','.join(map(str, self.starts[n]))}}}'::bigint[]) AS t;")
        return '\n'.join(sql + ['ROLLBACK;', '\\echo end', '\\warn end']) + '\n'

    # ---- comparing ----

    def minutes(self, resource, occupied):
        """The minutes of the window that a resource is open, or also free."""
        m = self.model
        spans = []
        for t in range(*self.s.window, 60):
            if ((resource.active or not occupied)
                    and m.is_open(resource, t, t + 1) and m.is_open(self.s.branch, t, t + 1)
                    and not any(a <= t < b for a, b in m.closed_spans(resource, t))
                    and not (occupied and m.used(resource, t) >= resource.capacity)):
                if spans and spans[-1][1] == t:
                    spans[-1][1] = t + 60
                else:
                    spans.append([t, t + 60])
        return spans

    def uses(self, resource):
        """What free_busy() says of each minute."""
        m = self.model
        spans = self.minutes(resource, False)
        for t in range(*self.s.window, 60):
            left = resource.capacity - m.used(resource, t)
            if left <= 0:
                yield t, 'busy', 0
            elif not resource.active or not any(a <= t < b for a, b in spans):
                yield t, 'closed', 0
            else:
                yield t, 'free', left

    def differences(self, lines, errors):
        """What the database answered otherwise: (kind, text)."""
        s, found = self.s, []
        if errors:
            found.append(('error', 'an error: ' + errors[0]))
            return found
        rows = [line.split('|') for line in lines]

        for r in s.resources:
            for f, occupied in (('effective_hours', False), ('availability', True)):
                want = [tuple(x) for x in self.minutes(r, occupied)]
                got = [(int(x[2]), int(x[3])) for x in rows if x[0] == f and x[1] == r.code]
                if want != got:
                    wrong = sorted(set(want) ^ set(got))[0]
                    found.append((f, f"{f}('{r.uuid}'): {'missing' if wrong in want else 'wrong'}:"
                                  f' {utc(wrong[0])} to {utc(wrong[1])} UTC'))

            got = [(t, x[4], int(x[5])) for x in rows if x[0] == 'free_busy' and x[1] == r.code
                   for t in range(int(x[2]), int(x[3]), 60)]
            for a, b in zip_longest(got, self.uses(r)):
                if a != b:
                    found.append(('free_busy', f"free_busy('{{{r.uuid}}}'): {a}; the model: {b}"))
                    break

        for n, q in enumerate(s.queries):
            t, want = self.wishes[n]
            nearest = [abs(int(x[2])) for x in rows if x[0] == 'wish' and x[1] == str(n)]
            if nearest != want:
                found.append(('suggest', f'suggest_slots({utc(t)} UTC, resources => {uuids(q.named)},'
                              f' units => {q.units}): {nearest} seconds away; the model: {want}'))
            got = {int(x[2]): x for x in rows if x[0] == 'slot' and x[1] == str(n)}
            what = f'slots(resources => {uuids(q.named)}, units => {q.units})'
            order = [int(x[2]) for x in rows if x[0] == 'slot' and x[1] == str(n)]
            if order != sorted(set(order)):
                found.append(('order', f'{what}: starts not in order, or repeated'))
            for t in sorted(set(got) ^ set(self.lists[n])):
                if t in got:
                    found.append(('listed', f'{what}: lists {utc(t)} UTC on {got[t][4]};'
                                  f' the model refuses it: {self.reasons(t, q)}'))
                else:
                    names = ' or '.join(','.join(r.code for r in c) for c in self.lists[n][t])
                    found.append(('unlisted', f'{what}: does not list {utc(t)} UTC;'
                                  f' the model allows it on {names}'))
            for t, x in got.items():
                if t in self.lists[n]:
                    found += self.row_differences(what, t, x, self.lists[n][t], q)

            for x in rows:
                if x[0] == 'try' and x[1] == str(n):
                    found += self.try_differences(int(x[2]), x[3], x[4], q, got)
        return found

    def row_differences(self, what, t, row, good, query):
        s = self.s
        names = {','.join(sorted(r.code for r in c)): c for c in good}
        if row[4] not in names:
            yield 'resources', f'{what}: {utc(t)} UTC on {row[4]}; free are {" or ".join(names)}'
            return
        if int(row[3]) != t + s.services[0].minutes * 60:
            yield 'ends_at', f'{what}: {utc(t)} UTC ends at {utc(int(row[3]))}'
        if row[6] != str(wall(t, s.branch.zone)):
            yield 'local_start', f'{what}: {utc(t)} UTC is {wall(t, s.branch.zone)}, not {row[6]}'
        remaining = self.model.remaining(t, names[row[4]])
        if row[5] != str(remaining):
            yield 'remaining', f'{what}: {utc(t)} UTC on {row[4]} has {remaining} left, not {row[5]}'

    def try_differences(self, t, booked, explained, query, listed):
        call = (f"'{self.s.services[0].uuid}', {stamp(t)}, resources => {uuids(query.named)},"
                f' units => {query.units}')
        good = self.model.good_choices(t, query)
        if booked.startswith('!') == bool(good):
            yield ('book', f'book({call}): {booked}; '
                   + ('the model allows it' if good else f'the model refuses it: {self.reasons(t, query)}'))
            return
        names = [','.join(sorted(r.code for r in c)) for c in good]
        if self.s.tenant.settings.get('assignment', 'first') == 'first' and t in listed:
            names = [listed[t][4]]
        if good and booked not in names:
            yield 'booked', f'book({call}): on {booked}, not {" or ".join(names)}'
        choices = self.model.choices(query.named)
        got = set(explained.split(',')) - {''}
        got = {'taken' if x in ('slot_taken', 'capacity_full', 'capacity') else x for x in got}
        if len(choices) == 1 and len(choices[0]) == len(query.named):
            want = self.model.refusals(t, choices[0], query.units) - {'grid?'}
            if got != want:
                yield 'explain', f'explain_slot({call}): {sorted(got)}; the model: {sorted(want)}'
            elif want and booked[1:] not in [STATES[x] for x in want]:
                yield 'state', f'book({call}): {booked[1:]}; the model: {sorted(want)}'
        elif bool(got) == bool(good):
            yield ('explain', f'explain_slot({call}): {sorted(got)};'
                   f' the model {"allows" if good else "refuses"} it')

    def reasons(self, t, query):
        return '; '.join(','.join(r.code for r in c) + ': '
                         + (' '.join(sorted(self.model.refusals(t, c, query.units))) or 'none')
                         for c in self.model.choices(query.named)[:4]) or 'there are no such resources'


def play(cases):
    """Has psql play cases while they are made; yields them with its answers."""
    psql = subprocess.Popen(PSQL, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    done = []

    def write():
        try:
            psql.stdin.write('SET client_min_messages = warning; SET datestyle = ISO;'
                             " SET timezone = 'UTC';\n")
            for case in cases:
                done.append(case)
                psql.stdin.write(case.sql())
                psql.stdin.flush()
            psql.stdin.close()
        except BrokenPipeError:
            pass

    errors = []
    writer = threading.Thread(target=write)
    reader = threading.Thread(target=lambda: errors.extend(psql.stderr))
    writer.start()
    reader.start()
    answers, lines = [], []
    for line in psql.stdout:
        if line == 'end\n':
            answers.append(lines)
            lines = []
        else:
            lines.append(line.rstrip('\n'))
    writer.join()
    reader.join()
    psql.wait()
    if len(answers) != len(done):
        sys.exit('psql ended early: ' + ''.join(errors[-5:]))
    said = []
    for line in errors:
        if line != 'end\n':
            said.append(line.rstrip('\n').replace('psql:<stdin>:', ''))
            continue
        yield done.pop(0), answers.pop(0), [x for x in said if 'current transaction is aborted' not in x]
        said = []


def smaller(s):
    """The scenarios that lack one thing of this one."""
    def places(t):
        return [t.tenant, t.branch] + t.resources

    def without(change):
        t = copy.deepcopy(s)
        change(t)
        return t

    for n in range(len(s.queries)):
        if len(s.queries) > 1:
            yield without(lambda t, n=n: t.queries.pop(n))
    if s.bookings:
        yield without(lambda t: t.bookings.clear())
    for n in range(len(s.bookings)):
        yield without(lambda t, n=n: t.bookings.pop(n))
    used = {n for q in s.queries for n in q.named} | set(s.services[0].eligible)
    last = len(s.resources) - 1
    if last > 0 and last not in used and not any(last in b.resources for b in s.bookings):
        yield without(lambda t: t.resources.pop())
    for i, place in enumerate(places(s)):
        for what in ('hours', 'overrides', 'closures', 'moves'):
            listed = getattr(place, what, [])
            if len(listed) > 1:
                yield without(lambda t, i=i, what=what: getattr(places(t)[i], what).clear())
            for n in range(len(listed)):
                yield without(lambda t, i=i, what=what, n=n: getattr(places(t)[i], what).pop(n))
        for name in place.settings:
            yield without(lambda t, i=i, name=name: places(t)[i].settings.pop(name))
        if i > 1 and place.zone:
            yield without(lambda t, i=i: setattr(places(t)[i], 'zone', None))
    for name in s.services[0].settings:
        yield without(lambda t, name=name: t.services[0].settings.pop(name))
    if s.services[0].before or s.services[0].after:
        yield without(lambda t: vars(t.services[0]).update(before=0, after=0))
    if len(s.services) > 1 and not any(b.service == len(s.services) - 1 for b in s.bookings):
        yield without(lambda t: t.services.pop())
    if s.services[0].eligible:
        yield without(lambda t: t.services[0].eligible.clear())
    if s.kind != 'system':
        yield without(lambda t: setattr(t, 'kind', 'system'))


def shrink(case, kind):
    """A smaller case that differs in the same way."""
    tries = 0
    again = True
    while again and tries < 400:
        again = False
        for s in smaller(case.s):
            tries += 1
            try:
                smaller_case, lines, errors = next(iter(play(iter([Case(s)]))))
            except (IndexError, ValueError):
                continue
            if any(k == kind for k, _ in smaller_case.differences(lines, errors)):
                case, again = smaller_case, True
                break
    _, lines, errors = next(iter(play(iter([Case(case.s)]))))
    return case, case.differences(lines, errors)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seed', default='1')
    parser.add_argument('--cases', type=int, default=100)
    parser.add_argument('--only', type=int, help='play the scenario with this number alone')
    parser.add_argument('--all', action='store_true', help='go on after a difference, make nothing smaller')
    parser.add_argument('--print', action='store_true', help='only print the SQL')
    args = parser.parse_args()

    numbers = range(args.cases) if args.only is None else [args.only]
    cases = (Case(scenario(args.seed, n)) for n in numbers)
    if args.print:
        for case in cases:
            print(case.sql())
        return 0
    subprocess.run(PSQL, input=HELPERS, text=True, check=True)
    zones, starts, tried, listed, wrong = set(), 0, 0, 0, 0
    try:
        for number, (case, lines, errors) in zip(numbers, play(cases)):
            zones.add(case.s.branch.zone)
            starts += case.asked
            tried += sum(map(len, case.starts))
            listed += sum(map(len, case.lists))
            found = case.differences(lines, errors)
            if not found:
                continue
            wrong += 1
            kinds = sorted({k for k, _ in found})
            print(f'scenario {case.s.name}: {len(found)} differences ({", ".join(kinds)}); the first:')
            print('  ' + found[0][1], flush=True)
            if args.all:
                continue
            case, found = shrink(case, found[0][0])
            print('made smaller:\n  ' + '\n  '.join(x for _, x in found[:5]))
            print('BEGIN;\n' + '\n'.join(setup_sql(case.s)))
            window = f'tstzrange({stamp(case.s.window[0])}, {stamp(case.s.window[1])})'
            for q in case.s.queries:
                print(f"SELECT * FROM booking.slots('{case.s.services[0].uuid}', {window},"
                      f' resources => {uuids(q.named)}, units => {q.units});')
            print('ROLLBACK;')
            print(f'to repeat: MODEL_SEED={args.seed} MODEL_ONLY={number}')
            break
    finally:
        subprocess.run(PSQL, input='SET client_min_messages = warning; DROP SCHEMA model CASCADE;',
                       text=True, check=True)
    print(f'{len(zones)} zones, {starts} starts asked for, {listed} listed,'
          f' {tried} tried and explained; {wrong} scenarios differ')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
