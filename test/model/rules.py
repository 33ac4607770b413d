"""What may be booked, decided for one start at a time.

This says the same as the engine and shares nothing with it: no set of spans is
computed, merged or subtracted.  Every answer looks at the rules as they were
written down and walks from interval to interval.
"""

from datetime import datetime
from itertools import combinations, product

from zones import DAY, at, days_around, instant, timedelta, utc, wall

FOREVER = 120 * DAY     # an opening that goes on for so long has no beginning


class Model:
    def __init__(self, scenario):
        self.s = scenario
        self.kept = {}

    # ---- hours ----

    def zone_of(self, owner, day):
        """The zone of a branch or resource on a local date."""
        zone = owner.zone or self.s.branch.zone
        since = None
        for first, moved in getattr(owner, 'moves', ()):
            if first <= day and (since is None or first >= since):
                since, zone = first, moved
        return zone

    def open_on(self, owner, day):
        """The intervals that open on a local date."""
        key = id(owner), day
        if key in self.kept:
            return self.kept[key]
        zone = self.zone_of(owner, day)
        special = [o for o in owner.overrides if o.day == day]
        if special:
            hours = [(o.opens, o.closes) for o in special if o.opens is not None]
        elif owner.hours:
            hours = [(w.opens, w.closes) for w in owner.hours
                     if w.weekday == day.isoweekday()
                     and (w.valid_from is None or w.valid_from <= day)
                     and (w.valid_until is None or day <= w.valid_until)]
        elif self.no_hours_is_closed(owner):
            hours = []
        else:
            hours = [(0, 24 * 60)]
        found = []
        for opens, closes in hours:
            if closes <= opens:
                closes += 24 * 60
            span = at(day, opens, zone), at(day, closes, zone)
            if span[0] < span[1]:
                found.append(span)
        if hours and not special and not owner.hours:
            # open all the time: also while a resource's moving skips some of it
            eve = day - timedelta(days=1)
            end = at(eve, 24 * 60, self.zone_of(owner, eve))
            begin = at(day, 0, zone)
            if end < begin:
                found.append((end, begin))
        self.kept[key] = found
        return found

    def no_hours_is_closed(self, owner):
        """require_hours, where neither a resource nor its branch has any."""
        return (owner is not self.s.branch and not self.s.branch.hours and not owner.hours
                and self.setting('require_hours', [owner], None, False))

    def opening(self, owner, t):
        """An interval of an owner's hours that an instant is in, or None."""
        for day in days_around(t):
            for span in self.open_on(owner, day):
                if span[0] <= t < span[1]:
                    return span
        return None

    def is_open(self, owner, start, end):
        """Whether all of a span is within hours."""
        while start < end:
            span = self.opening(owner, start)
            if span is None:
                return False
            start = span[1]
        return True

    def opened_at(self, owner, t):
        """
        When the opening began by which an owner is open: intervals of one date that
        overlap or touch are one; of openings of several dates it is the latest.
        None: it is open because no rule says otherwise.
        """
        latest = None
        for day in days_around(t):
            spans = self.open_on(owner, day)
            begins = [a for a, b in spans if a <= t < b]
            if begins and (owner.hours or any(o.day == day for o in owner.overrides)):
                begin = min(begins)
                while any(a < begin <= b for a, b in spans):
                    begin = min(a for a, b in spans if a < begin <= b)
                latest = begin if latest is None else max(begin, latest)
        return latest

    def open_since(self, owner, t):
        """Since when it has been open without a break; None: always."""
        begin = first = self.opening(owner, t)[0]
        key = id(owner), 'opened', first
        if key not in self.kept:
            while True:
                earlier = [span[0] for day in days_around(begin)
                           for span in self.open_on(owner, day) if span[0] < begin <= span[1]]
                if not earlier or t - begin > FOREVER:
                    break
                begin = min(earlier)
            self.kept[key] = begin if not earlier else None
        return self.kept[key]

    # ---- closures ----

    def closed_spans(self, resource, near):
        """Closures of a resource, its branch and the tenant, as spans around an instant."""
        key = id(resource), 'closures', near // DAY
        if key in self.kept:
            return self.kept[key]
        found = []
        for owner in (resource, self.s.branch, self.s.tenant):
            for c in owner.closures:
                if c.starts_at is not None:
                    found.append((c.starts_at, c.ends_at))
                    continue
                period = {None: None, 'daily': 1, 'weekly': 7}[c.repeats]
                start, end = c.local_start, c.local_end
                while start < utc(near) + timedelta(days=4):
                    if c.repeats and c.repeat_until and start.date() > c.repeat_until:
                        break
                    if end > utc(near) - timedelta(days=40):
                        place = resource if owner is resource else self.s.branch
                        zone = self.zone_of(place, start.date())
                        span = instant(start, zone), instant(end, zone)
                        if span[0] < span[1]:
                            found.append(span)
                    if period is None:
                        break
                    start += timedelta(days=period)
                    end += timedelta(days=period)
        self.kept[key] = found
        return found

    # ---- what is taken ----

    def setting(self, name, resources, service=0, default=None):
        """The value at the level that comes first: service, resource, branch, tenant."""
        key = name, id(resources[0]), service
        if key not in self.kept:
            levels = [resources[0].settings, self.s.branch.settings, self.s.tenant.settings]
            if service is not None:
                levels.insert(0, self.s.services[service].settings)
            self.kept[key] = next((v[name] for v in levels if name in v), None)
        value = self.kept[key]
        return default if value is None or value == 'none' else value

    def buffers(self, service, resource):
        """Seconds that a booking of a service takes before and after itself."""
        service = self.s.services[service]
        before, after = service.before, service.after
        for need in service.needs:
            if need.kind == resource.kind:
                before = need.before if need.before is not None else before
                after = need.after if need.after is not None else after
        return (before * 60 + self.setting('buffer_before', [resource], None, 0),
                after * 60 + self.setting('buffer_after', [resource], None, 0))

    def units(self, service, resource, units):
        """Units that a booking takes of a resource."""
        if resource.capacity == 1:
            return 1
        for need in self.s.services[service].needs:
            if need.kind == resource.kind:
                return units * need.units
        return units

    def room(self, resource, service=0):
        if resource.capacity == 1:
            return 1
        return resource.capacity + self.setting('overbook', [resource], service, 0)

    def occupied(self, resource):
        """Spans and units of the bookings that stand on a resource."""
        key = id(resource), 'occupied', len(self.s.bookings)
        if key not in self.kept:
            found = []
            for b in self.s.bookings:
                if b.state in ('confirmed', 'held') and resource.n in b.resources:
                    before, after = self.buffers(b.service, resource)
                    end = b.start + self.s.services[b.service].minutes * 60
                    found.append((b.start - before, end + after,
                                  self.units(b.service, resource, b.units)))
            self.kept[key] = found
        return self.kept[key]

    def used(self, resource, t):
        return sum(u for a, b, u in self.occupied(resource) if a <= t < b)

    def fullest(self, resource, start, end):
        """The units in use at the fullest instant of a span."""
        moments = [start] + [a for a, _, _ in self.occupied(resource) if start < a < end]
        return max(self.used(resource, t) for t in moments)

    def left(self, service, resource, start, end):
        """Units free for a booking from start to end, with its buffers."""
        before, after = self.buffers(service, resource)
        return self.room(resource, service) - self.fullest(resource, start - before, end + after)

    # ---- the grid ----

    def free_since(self, resource, start):
        """
        When the free time began that a start is in, but not before a rule opened
        or midnight; None: it was free at midnight.
        """
        before, after = self.buffers(0, resource)
        within = self.setting('buffers_within_hours', [resource], default=False)
        margin = before if within else 0
        wanted = self.units(0, resource, self.asked_units)
        begins = [b + margin for _, b in self.closed_spans(resource, start) if b + margin <= start]
        for b in {b for _, b, _ in self.occupied(resource) if b + before <= start}:
            # the instant before somebody's end was it too full?
            if self.used(resource, b - 1) + wanted > self.room(resource):
                begins.append(b + before)
        opened = []
        for owner in (resource, self.s.branch):
            since = self.open_since(owner, start)
            begins += [since + margin] if since is not None else []
            opened += [x for x in [self.opened_at(owner, start)] if x is not None]
        if not opened:
            midnight = at(wall(start, self.s.branch.zone).date(), 0, self.s.branch.zone)
            begins = [b for b in begins if b > midnight]
        return max(begins + opened, default=None)

    def on_grid(self, resources, start):
        """True or False; None where no opening or free time is there to count from."""
        step = self.setting('slot_step', resources) or self.s.services[0].minutes * 60
        offset = self.setting('slot_offset', resources, default=0)
        kind = self.setting('grid_anchor', resources, default='opening')
        anchors = []
        if kind == 'opening':
            for r in resources:
                for owner in (r, self.s.branch):
                    if self.opening(owner, start) is None:
                        return None
                    anchors.append(self.opened_at(owner, start))
        elif kind == 'free':
            for r in resources:
                if self.refusals_of(r, start, start + 1):
                    return None
                anchors.append(self.free_since(r, start))
        anchors = [a for a in anchors if a is not None]
        if anchors:
            return (start - max(anchors) - offset) % step == 0
        shown = wall(start, self.s.branch.zone)
        since_midnight = shown.hour * 3600 + shown.minute * 60 + shown.second
        return (since_midnight - offset) % step == 0

    # ---- the verdicts ----

    def latest_start(self, resources):
        """The limits of how far ahead: (instant, whether it is itself allowed)."""
        limits = []
        advance = self.setting('max_advance', resources)
        if advance is not None:
            limits.append((self.s.now + advance, True))
        until = self.setting('bookable_until', resources)
        if until is not None:
            limits.append((int(datetime.fromisoformat(until).timestamp()), True))
        days = self.setting('max_advance_business_days', resources)
        if days is not None:
            day = wall(self.s.now, self.s.branch.zone).date()
            while days > 0:
                day += timedelta(days=1)
                if day.isoweekday() <= 5:
                    days -= 1
            limits.append((at(day, 24 * 60, self.s.branch.zone), False))
        return limits

    def policy(self, start, resources):
        """Which rules refuse a start, wherever it is."""
        found = set()
        if self.s.kind == 'customer':
            if start < self.s.now:
                found.add('in_past')
            notice = self.setting('min_notice', resources, default=0)
            if notice and start < self.s.now + notice:
                found.add('min_notice')
            for limit, inclusive in self.latest_start(resources):
                if start > limit or (start == limit and not inclusive):
                    found.add('max_advance')
        elif start < self.s.now - self.setting('past_grace', resources, default=4 * 3600):
            found.add('in_past')
        return found

    def refusals_of(self, resource, start, end):
        """Which rules of a resource refuse a slot."""
        key = id(resource), start, end, self.asked_units
        if key in self.kept:
            return self.kept[key]
        found = self.kept[key] = set()
        before, after = self.buffers(0, resource)
        spans = [(start, end)]
        if self.setting('buffers_within_hours', [resource], default=False):
            spans.append((start - before, end + after))
        for a, b in spans:
            if not (self.is_open(self.s.branch, a, b) and self.is_open(resource, a, b)):
                found.add('outside_hours')
            if any(x < b and a < y for x, y in self.closed_spans(resource, start)):
                found.add('closed')
        if self.left(0, resource, start, end) < self.units(0, resource, self.asked_units):
            found.add('taken')
        return found

    def refusals(self, start, resources, units=1):
        """
        Which rules refuse a slot on these resources, all that it needs; and
        'grid?' where there is nothing that a grid could be counted from.
        """
        self.asked_units = units
        end = start + self.s.services[0].minutes * 60
        found = self.policy(start, resources)
        for r in resources:
            found |= self.refusals_of(r, start, end)
            if not self.eligible(r):
                found.add('not_eligible')
        grid = self.on_grid(resources, start)
        if grid is None:
            found.add('grid?')
        elif not grid:
            found.add('off_grid')
        return found

    # ---- choosing ----

    def eligible(self, resource):
        """Of a kind of which the service lists some, only those may provide it."""
        listed = [self.s.resources[n] for n in self.s.services[0].eligible]
        return resource.active and (resource in listed
                                    or resource.kind not in [r.kind for r in listed])

    def choices(self, named):
        """All lists of resources that a booking which names these can end up with."""
        named = [self.s.resources[n] for n in named]
        service = self.s.services[0]
        if not service.needs:
            return [named] if named else [[r] for r in self.s.resources if self.eligible(r)]
        parts = []
        for need in service.needs:
            missing = need.quantity - sum(r.kind == need.kind for r in named)
            others = [r for r in self.s.resources
                      if r.kind == need.kind and r not in named and self.eligible(r)]
            parts.append(list(combinations(others, max(missing, 0))))
        found = [named + [r for part in choice for r in part] for choice in product(*parts)]
        return [c for c in found if all(self.neighbours(c, need) for need in service.needs)]

    def neighbours(self, resources, need):
        """Whether those of a kind have consecutive positions, if they must."""
        places = sorted(r.position for r in resources if r.kind == need.kind)
        return not need.adjacent or places == list(range(places[0], places[0] + len(places)))

    def good_choices(self, start, query):
        """Those of them on which a slot is not refused."""
        key = 'choices', *query.named
        if key not in self.kept:
            self.kept[key] = self.choices(query.named)
        self.asked_units = query.units
        end = start + self.s.services[0].minutes * 60
        return [c for c in self.kept[key]
                if not self.policy(start, c)
                and not any(self.refusals_of(r, start, end) or not self.eligible(r) for r in c)
                and self.on_grid(c, start)]

    def remaining(self, start, resources):
        """How many such bookings of one unit still fit."""
        end = start + self.s.services[0].minutes * 60
        return min(self.left(0, r, start, end) // max(self.units(0, r, 1), 1) for r in resources)
