"""Random scenarios, most of them around a change of some zone's clocks."""

from datetime import datetime, timedelta
from random import Random

from rules import Model
from scenario import (Booking, Closure, Need, Override, Owner, Query, Resource, Scenario, Service,
                      Weekly)
from zones import DAY, changes, instant, utc, wall

# Where and in which years; a zone without a change then is met on any day.
ZONES = [
    ('America/Detroit', 2029, 2031), ('Europe/Berlin', 2029, 2031), ('Asia/Kolkata', 2030, 2030),
    ('Australia/Lord_Howe', 2029, 2031),        # half an hour
    ('Asia/Kathmandu', 1985, 1986),             # a quarter, for good
    ('Pacific/Apia', 2010, 2012),               # no 30th of December
    ('Pacific/Kwajalein', 1993, 1993),          # nor 21st of August
    ('America/Sao_Paulo', 2016, 2019),          # at midnight
    ('America/Asuncion', 2021, 2024), ('America/Havana', 2029, 2030), ('Asia/Beirut', 2021, 2024),
    ('Asia/Tehran', 2018, 2022), ('Asia/Amman', 2018, 2022), ('Asia/Gaza', 2021, 2024),
    ('Africa/Cairo', 2010, 2024),               # four in 2010 and 2014
    ('Africa/Casablanca', 2016, 2026),          # back for Ramadan
    ('Pacific/Chatham', 2029, 2030),            # at 2:45
    ('America/St_Johns', 2003, 2011),           # at 0:01
    ('Atlantic/Azores', 2022, 2030), ('America/Scoresbysund', 2022, 2026),
    ('America/Nuuk', 2022, 2026), ('Antarctica/Troll', 2026, 2030),     # two hours
    ('Europe/Dublin', 2029, 2030), ('Europe/London', 1967, 1972), ('Europe/Moscow', 2010, 2015),
    ('America/Caracas', 2007, 2016), ('Asia/Pyongyang', 2015, 2018), ('Antarctica/Casey', 2018, 2023),
    ('Pacific/Auckland', 2029, 2030), ('America/New_York', 1973, 1976),
]
ELSEWHERE = ['Europe/Lisbon', 'Asia/Tokyo', 'America/Los_Angeles', 'Pacific/Kiritimati', 'UTC',
             'Asia/Kathmandu', 'Australia/Adelaide']
STEPS = [5, 7, 10, 15, 15, 20, 30, 30, 45, 60, 90]


def some_minute(random, first=0, last=24 * 60):
    """A time of day: mostly a round one, many in the small hours."""
    if random.random() < 0.4:
        last = min(last, first + 4 * 60)
    step = random.choice([60, 60, 30, 15, 5, 1])
    return random.randrange(first, last + 1) // step * step


def some_interval(random):
    """Opens and closes, in minutes of the day."""
    style = random.random()
    if style < 0.45:
        opens = random.choice([7, 8, 8, 9, 9, 10]) * 60 + random.choice([0, 0, 15, 30])
        return opens, opens + random.choice([4, 6, 8, 9, 10]) * 60
    if style < 0.6:
        return random.choice([18, 20, 22]) * 60, random.choice([60, 120, 150, 180, 240])
    if style < 0.67:
        return 0, 24 * 60
    opens = some_minute(random, 0, 24 * 60 - 1)
    closes = opens
    while closes == opens:
        closes = some_minute(random, 0, 24 * 60)
    return opens, closes


def some_hours(random, days):
    """Weekly rules, such that some of the days are open."""
    rules = []
    if random.random() < 0.35:      # the same every day
        for opens, closes in [some_interval(random) for _ in range(random.choice([1, 1, 2]))]:
            rules += [Weekly(weekday, opens, closes) for weekday in range(1, 8)]
        return rules
    for day in set(d.isoweekday() for d in days) | {random.randint(1, 7)}:
        for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
            opens, closes = some_interval(random)
            if random.random() < 0.2:
                rules.append(Weekly(day, opens, min(opens + 120, 1440), None, days[1]))
                rules.append(Weekly(day, opens, closes, days[1]))
            else:
                rules.append(Weekly(day, opens, closes))
    return rules


def some_overrides(random, days):
    rules = []
    for day in random.sample(days, random.choice([1, 1, 2])):
        if random.random() < 0.3:
            rules.append(Override(day))
        else:
            rules += [Override(day, *some_interval(random)) for _ in range(random.choice([1, 1, 2]))]
    return [o for o in rules if o.opens != o.closes or o.opens is None]


def some_closure(random, window, zone):
    start, end = window
    begin = random.randrange(start - DAY // 2, end) // 300 * 300
    length = random.choice([15, 30, 60, 90, 240, 600, 1440]) * 60
    if random.random() < 0.5:
        return Closure(begin, begin + length)
    local = wall(begin, zone)
    repeats = random.choice([None, 'daily', 'weekly', 'weekly'])
    until = None
    if repeats:
        local -= timedelta(days=random.choice([0, 1, 2, 5] if repeats == 'daily' else [0, 7, 21]))
        if random.random() < 0.5:
            until = max(local.date(), utc(random.randrange(start - DAY, end)).date())
    return Closure(local_start=local, local_end=local + timedelta(seconds=length),
                   repeats=repeats, repeat_until=until)


def some_place(random, window, days, zone, chances):
    """Hours, overrides and closures of a branch or resource."""
    hours, overrides, closures = chances
    place = Owner(zone=zone)
    if random.random() < hours:
        place.hours = some_hours(random, days)
    if random.random() < overrides:
        place.overrides = some_overrides(random, days)
    while random.random() < closures:
        place.closures.append(some_closure(random, window, zone))
    return place


def some_policy(random, s, levels):
    """Settings about when, each at a level, with others below to be overruled."""
    start, end = s.window

    def put(chance, name, value):
        if random.random() < chance:
            level = random.randrange(len(levels))
            levels[level][name] = value()
            if level + 1 < len(levels) and random.random() < 0.3:
                levels[random.randrange(level + 1, len(levels))][name] = value()

    put(0.7, 'slot_step', lambda: random.choice(STEPS) * 60)
    put(0.25, 'slot_offset', lambda: random.choice([0, 5, 10, 15, 20, 75]) * 60)
    put(0.5, 'grid_anchor', lambda: random.choice(['opening', 'midnight', 'free']))
    put(0.25, 'buffers_within_hours', lambda: random.choice([True, True, False]))
    put(0.4, 'min_notice', lambda: random.choice(
        [0, 30, 60, 90, 24 * 60, max(0, start - s.now) // 60 + 300]) * 60)
    put(0.2, 'max_advance', lambda: max(0, random.randrange(start, end) - s.now))
    put(0.1 if start > 946684800 else 0, 'bookable_until', lambda: f'{utc(random.randrange(start, end) // 60 * 60)}+00')
    put(0.1, 'max_advance_business_days',
        lambda: random.randrange(0, max(1, (end - s.now) // DAY + 1)))
    put(0.1, 'past_grace', lambda: random.choice([0, 60, 24 * 60]) * 60)
    put(0.15, 'overbook', lambda: random.choice([0, 1, 2]))
    if len(s.resources) > 1 and random.random() < 0.4:
        s.tenant.settings['assignment'] = random.choice(['first', 'least_loaded', 'round_robin'])


def some_resources(random, s, zone, days):
    """Resources and services; service 0 is the one that is asked about."""
    style = random.random()
    duration = random.choice([10, 15, 20, 25, 30, 45, 60, 60, 75, 90, 120, 180, 25 * 60])
    service = Service(0, duration)
    if random.random() < 0.4:
        service.before = random.choice([0, 5, 10, 15])
        service.after = random.choice([0, 5, 10, 15, 20, 45])

    def resource(kind, capacity=1, chances=(0.4, 0.1, 0.15)):
        own = random.choice(ELSEWHERE) if random.random() < 0.12 else None
        place = some_place(random, s.window, days, own or zone, chances)
        r = Resource(place.hours, place.overrides, place.closures, {}, own,
                     n=len(s.resources), kind=kind, capacity=capacity,
                     position=random.choice([0, 0, 1, 2]))
        if random.random() < 0.04:
            r.active = False
        if random.random() < 0.1 and (r.hours or not r.overrides):
            r.moves.append((days[random.randrange(3)], random.choice(ELSEWHERE)))
        if random.random() < 0.15:
            r.settings[random.choice(['buffer_before', 'buffer_after'])] = random.choice([5, 10, 15]) * 60
        s.resources.append(r)

    if style < 0.35:                        # one room
        resource('room')
    elif style < 0.55:                      # a class
        resource('class', random.choice([2, 3, 5, 12]))
    elif style < 0.8:                       # therapist and room
        for _ in range(random.choice([1, 2, 3])):
            resource('therapist', chances=(0.6, 0.1, 0.15))
        for _ in range(random.choice([1, 1, 2])):
            resource('room', chances=(0.1, 0.1, 0.15))
        service.needs = [
            Need('therapist', 1, 1, *random.choice([(None, None), (0, 10), (5, None)])),
            Need('room', 1, 1, *random.choice([(None, None), (0, 15), (10, 20)]))]
    else:                                   # some of several, and units of something shared
        for _ in range(3):
            resource('lane', chances=(0.2, 0.15, 0.15))
            s.resources[-1].position = random.choice([len(s.resources), len(s.resources), 1, 4])
        service.needs = [Need('lane', random.choice([1, 2, 2]), adjacent=random.random() < 0.4)]
        if random.random() < 0.5:
            resource('boat', random.choice([2, 4, 6]), chances=(0.15, 0.1, 0.1))
            service.needs.append(Need('boat', 1, random.choice([1, 2])))
    if random.random() < 0.25:
        by_kind = {}
        for r in s.resources:
            by_kind.setdefault(r.kind, []).append(r.n)
        for numbers in by_kind.values():
            if len(numbers) > 1 and random.random() < 0.7:
                service.eligible += random.sample(numbers, random.randint(1, len(numbers)))
    s.services.append(service)
    for n in (1, 2, 3):                     # what the existing bookings are of
        s.services.append(Service(n, random.choice([15, 30, 45, 60, 120, 200]),
                                  random.choice([0, 0, 10]), random.choice([0, 0, 10, 15])))


def some_bookings(random, s):
    """Those that fit, as they will be made: no rule but that is checked."""
    model = Model(s)
    start, end = s.window
    for r in s.resources:
        for _ in range(random.choice([0, 1, 2, 4, 6])):
            n = random.randrange(4)
            if n == 0 and s.services[0].needs:
                n = 1
            step = random.choice([3600, 1800, 900, 300, 60])
            b = Booking(n, random.randrange(start - DAY // 2, end) // step * step, [r.n],
                        random.choice([1, 1, 2, 3]) if r.capacity > 1 else 1,
                        random.choice(['confirmed'] * 5 + ['held', 'lapsed', 'cancelled']))
            if not r.active or (n == 0 and not model.eligible(r)):
                continue
            if s.now - 4 * 3600 >= b.start and b.state != 'confirmed':
                continue
            until = b.start + s.services[n].minutes * 60
            if model.left(n, r, b.start, until) >= model.units(n, r, b.units):
                s.bookings.append(b)


def scenario(seed, number):
    random = Random(f'{seed}/{number}')
    zone, first, last = ZONES[number % len(ZONES)]
    moments = changes(zone, first, last)
    if moments and random.random() < 0.85:
        moment = random.choice(moments)
    else:
        moment = instant(datetime(first, 1, 1), zone) + random.randrange(300 * DAY)
    start = (moment - random.randrange(6 * 3600, 36 * 3600)) // 60 * 60
    window = start, start + random.choice([24, 36, 48, 60]) * 3600 + random.choice([0, 0, 60, 17 * 60])
    now = random.choice([start - 3 * DAY, start - DAY - 3661, start - 7200, start,
                         random.randrange(*window), random.randrange(*window) // 900 * 900])
    first_day = utc(start).date()
    days = [first_day + timedelta(days=n) for n in range(4)]

    s = Scenario(f'{seed}/{number}', now, window, random.choice(['customer', 'customer', 'staff', 'system']),
                 Owner(), some_place(random, window, days, zone, (0.75, 0.2, 0.2)), [], [], [], [])
    if random.random() < 0.1:
        s.tenant.closures.append(some_closure(random, window, zone))
    some_resources(random, s, zone, days)
    levels = [s.services[0].settings, s.branch.settings, s.tenant.settings]
    if len(s.resources) == 1:
        levels.insert(1, s.resources[0].settings)
    some_policy(random, s, levels)
    if (random.random() < 0.1 and not s.branch.overrides
            and not any(r.overrides for r in s.resources)):
        random.choice([s.branch, s.tenant]).settings['require_hours'] = True
    some_bookings(random, s)

    # the resources left to choose; all named; some of them named
    units = 1
    if any(r.capacity > 1 for r in s.resources):
        units = random.choice([1, 1, 2, 3])
    choices = Model(s).choices([])
    s.queries.append(Query([], units))
    if choices:
        named = [r.n for r in random.choice(choices)]
        s.queries.append(Query(named, units))
        others = [r.n for r in s.resources if r.n not in named]
        if others and random.random() < 0.15:
            named = random.sample(others, 1)    # of the wrong kind, or not eligible, or well
            s.queries.append(Query(named, units))
        elif len(named) > 1:
            s.queries.append(Query(random.sample(named, len(named) - 1), units))
    return s
