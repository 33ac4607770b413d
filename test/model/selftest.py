#!/usr/bin/env python3
"""The model on cases that were worked out by hand."""

import unittest
from datetime import date, datetime

from rules import Model
from scenario import (Booking, Closure, Need, Override, Owner, Query, Resource, Scenario, Service,
                      Weekly)
from zones import at, instant, utc, wall


def t(text):
    return int(datetime.fromisoformat(text + '+00:00').timestamp())


def plan(zone='UTC', now='2000-01-01', minutes=60, kind='customer', **settings):
    """A branch with one room, never closed."""
    return Scenario('by hand', t(now), (0, 0), kind, Owner(), Owner(zone=zone, settings=settings),
                    [Resource(n=0)], [Service(0, minutes), Service(1, 60)], [], [])


class Zones(unittest.TestCase):
    def check(self, zone, local, expected):
        self.assertEqual(str(utc(instant(datetime.fromisoformat(local), zone))), expected)

    def test_gap(self):
        self.check('America/Detroit', '2030-03-10 02:30', '2030-03-10 07:00:00')
        self.check('Europe/Berlin', '2030-03-31 02:00', '2030-03-31 01:00:00')
        self.check('Europe/Berlin', '2030-03-31 01:59', '2030-03-31 00:59:00')
        self.check('Australia/Lord_Howe', '2030-10-06 02:15', '2030-10-05 15:30:00')
        self.check('Asia/Kathmandu', '1986-01-01 00:10', '1985-12-31 18:30:00')
        self.check('Pacific/Apia', '2011-12-30 12:00', '2011-12-30 10:00:00')
        self.check('America/Sao_Paulo', '2018-11-04 00:00', '2018-11-04 03:00:00')

    def test_overlap(self):
        self.check('America/Detroit', '2030-11-03 01:30', '2030-11-03 05:30:00')
        self.check('America/Detroit', '2030-11-03 02:00', '2030-11-03 07:00:00')
        self.check('Australia/Lord_Howe', '2030-04-07 01:45', '2030-04-06 14:45:00')
        self.check('America/Havana', '2030-11-03 00:30', '2030-11-03 04:30:00')

    def test_day_ends(self):
        end = at(date(2018, 11, 3), 24 * 60, 'America/Sao_Paulo')
        self.assertEqual(str(utc(end)), '2018-11-04 03:00:00')


class Hours(unittest.TestCase):
    def starts(self, s, first, last, step=1800, query=Query([])):
        m = Model(s)
        return [wall(x, s.branch.zone).strftime('%d %H:%M')
                for x in range(t(first), t(last), step) if m.good_choices(x, query)]

    def test_day(self):
        s = plan(slot_step=1800)
        s.branch.hours = [Weekly(2, 9 * 60, 11 * 60)]
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-07'), ['05 09:00', '05 09:30', '05 10:00'])
        s.resources[0].hours = [Weekly(2, 9 * 60 + 30, 12 * 60)]
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-07'), ['05 09:30', '05 10:00'])
        s.branch.overrides = [Override(date(2030, 3, 5))]
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-07'), [])

    def test_short_night(self):
        # Saturday 22:00 to 4:00 has five hours
        s = plan('Europe/Berlin')
        s.branch.hours = [Weekly(6, 22 * 60, 4 * 60)]
        self.assertEqual(self.starts(s, '2030-03-30', '2030-03-31T12:00'),
                         ['30 22:00', '30 23:00', '31 00:00', '31 01:00', '31 03:00'])

    def test_long_night(self):
        s = plan('Europe/Berlin')
        s.branch.hours = [Weekly(6, 22 * 60, 4 * 60)]
        self.assertEqual(self.starts(s, '2030-10-26', '2030-10-27T12:00'),
                         ['26 22:00', '26 23:00', '27 00:00', '27 01:00', '27 02:00', '27 02:00', '27 03:00'])

    def test_missing_day(self):
        s = plan('Pacific/Apia')
        s.branch.hours = [Weekly(d, 9 * 60, 11 * 60) for d in range(1, 8)]
        self.assertEqual(self.starts(s, '2011-12-29', '2011-12-31T12:00'),
                         ['29 09:00', '29 10:00', '31 09:00', '31 10:00'])

    def test_touching(self):
        s = plan(minutes=90, slot_step=5400)
        s.branch.hours = [Weekly(2, 0, 120), Weekly(1, 22 * 60, 24 * 60), Weekly(1, 23 * 60, 30)]
        # Monday's two are one opening, Tuesday begins anew where both are open
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-06'), ['04 22:00', '04 23:30', '05 00:00'])

    def test_moving(self):
        # from Tuesday on, nine o'clock in Tokyo
        s = plan('Europe/Berlin')
        s.resources[0].hours = [Weekly(d, 9 * 60, 10 * 60) for d in (1, 2)]
        s.resources[0].moves = [(date(2030, 3, 5), 'Asia/Tokyo')]
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-06'), ['04 09:00', '05 01:00'])

    def test_closures(self):
        s = plan('Europe/Berlin')
        s.branch.hours = [Weekly(d, 9 * 60, 12 * 60) for d in range(1, 8)]
        s.tenant.closures = [Closure(local_start=datetime(2030, 3, 1, 10), local_end=datetime(2030, 3, 1, 10, 15),
                                     repeats='daily', repeat_until=date(2030, 3, 30))]
        self.assertEqual(self.starts(s, '2030-03-30', '2030-04-01'),
                         ['30 09:00', '30 11:00', '31 09:00', '31 10:00', '31 11:00'])

    def test_always_open(self):
        s = plan(minutes=600)
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-05'), ['04 00:00', '04 10:00', '04 20:00'])
        s.branch.settings['require_hours'] = True
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-05'), [])


class Taken(unittest.TestCase):
    starts = Hours.starts

    def test_buffers_add_up(self):
        s = plan(slot_step=300)
        s.services[0].before, s.services[0].after = 10, 5
        s.services[1].before, s.services[1].after = 20, 15
        s.branch.hours = [Weekly(1, 8 * 60, 13 * 60)]
        s.bookings = [Booking(1, t('2030-03-04T10:00'), [0])]
        found = self.starts(s, '2030-03-04', '2030-03-05', 300)
        # 8:35 to 9:35 and 5 before the 20; 11:00 and 15 and 10 after
        self.assertEqual((found[0], found[-1]), ('04 08:00', '04 12:00'))
        self.assertEqual([x for x in found if '08:30' < x[3:] < '11:30'], ['04 08:35', '04 11:25'])

    def test_free_anchor(self):
        s = plan(slot_step=3600, grid_anchor='free')
        s.services[0].before = 10
        s.branch.hours = [Weekly(1, 8 * 60, 14 * 60)]
        s.bookings = [Booking(1, t('2030-03-04T10:00'), [0])]
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-05', 300),
                         ['04 08:00', '04 09:00', '04 11:10', '04 12:10'])
        s.branch.settings['buffers_within_hours'] = True
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-05', 300),
                         ['04 08:10', '04 11:10', '04 12:10'])

    def test_capacity(self):
        s = plan()
        s.resources[0].capacity = 5
        s.branch.hours = [Weekly(1, 8 * 60, 12 * 60)]
        s.bookings = [Booking(1, t('2030-03-04T08:30'), [0], 2), Booking(1, t('2030-03-04T09:30'), [0], 3),
                      Booking(1, t('2030-03-04T09:45'), [0], 2, 'lapsed')]
        for units, expected in ((2, ['08', '09', '10', '11']), (3, ['08', '11']), (4, ['11'])):
            found = self.starts(s, '2030-03-04', '2030-03-05', query=Query([], units))
            self.assertEqual([x[3:5] for x in found], expected)
        self.assertEqual(Model(s).remaining(t('2030-03-04T09:00'), s.resources), 2)

    def test_therapist_and_room(self):
        s = plan()
        s.resources = [Resource(n=0, kind='therapist'), Resource(n=1, kind='therapist'), Resource(n=2)]
        s.services[0].needs = [Need('therapist'), Need('room', after=15)]
        s.branch.hours = [Weekly(1, 8 * 60, 12 * 60)]
        s.bookings = [Booking(1, t('2030-03-04T08:00'), [0]), Booking(1, t('2030-03-04T10:00'), [2])]
        m = Model(s)
        self.assertEqual([[r.n for r in c] for c in m.good_choices(t('2030-03-04T08:00'), Query([]))], [[1, 2]])
        self.assertEqual(m.refusals(t('2030-03-04T08:00'), [s.resources[0], s.resources[2]]), {'taken'})
        self.assertEqual(self.starts(s, '2030-03-04', '2030-03-05'), ['04 08:00', '04 11:00'])


class Policy(unittest.TestCase):
    def check(self, s, start, expected):
        self.assertEqual(Model(s).refusals(t(start), s.resources), set(expected))

    def test_notice(self):
        s = plan(now='2030-03-04T10:00', min_notice=7200, slot_step=60)
        self.check(s, '2030-03-04T12:00', [])
        self.check(s, '2030-03-04T11:59', ['min_notice'])
        self.check(s, '2030-03-04T11:59:59', ['min_notice', 'off_grid'])
        self.check(s, '2030-03-04T09:59', ['min_notice', 'in_past'])
        s.kind = 'staff'
        self.check(s, '2030-03-04T06:00', [])
        self.check(s, '2030-03-04T05:59', ['in_past'])

    def test_advance(self):
        s = plan('America/Detroit', now='2030-03-08T22:00', slot_step=60, max_advance_business_days=1)
        # Friday evening there: Monday to its end, which is at 4:00 after the change of clocks
        self.check(s, '2030-03-12T03:59', [])
        self.check(s, '2030-03-12T04:00', ['max_advance'])
        s = plan(now='2030-03-04', slot_step=60, max_advance=3600)
        self.check(s, '2030-03-04T01:00', [])
        self.check(s, '2030-03-04T01:01', ['max_advance'])

    def test_levels(self):
        s = plan(now='2030-03-04', slot_step=60, max_advance=3600)
        s.services[0].settings['max_advance'] = 7200
        self.check(s, '2030-03-04T02:00', [])
        self.check(s, '2030-03-04T02:01', ['max_advance'])


if __name__ == '__main__':
    unittest.main()
