"""Wall-clock time and instants, by asking zoneinfo and looking again.

An instant is an int, seconds since 1970 in UTC; a wall time is a datetime
without zone.  Nothing here is clever: a conversion is tried and read back.
"""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = 86400


@lru_cache(maxsize=None)
def zone(name):
    return ZoneInfo(name)


def wall(instant, name):
    """What clocks in the zone show."""
    return datetime.fromtimestamp(instant, zone(name)).replace(tzinfo=None)


@lru_cache(maxsize=200000)
def instant(local, name):
    """The first instant at which clocks show this; after a gap, its end."""
    tried = [int(local.replace(tzinfo=zone(name), fold=fold).timestamp()) for fold in (0, 1)]
    shown = [t for t in tried if wall(t, name) == local]
    if shown:
        return min(shown)
    before, after = min(tried), max(tried)
    assert wall(before, name) < local < wall(after, name)
    while after - before > 1:
        middle = (before + after) // 2
        if wall(middle, name) < local:
            before = middle
        else:
            after = middle
    return after


def at(day, minute, name):
    """The instant of a minute (0 to 2880) counted from the midnight of a day."""
    midnight = datetime(day.year, day.month, day.day)
    return instant(midnight + timedelta(minutes=minute), name)


def utc(t):
    return datetime.fromtimestamp(t, timezone.utc).replace(tzinfo=None)


@lru_cache(maxsize=None)
def changes(name, first_year, last_year):
    """The instants at which the zone's offset changes, in those years."""
    def offset(t):
        return datetime.fromtimestamp(t, zone(name)).utcoffset()

    found = []
    t = int(datetime(first_year, 1, 1, tzinfo=timezone.utc).timestamp())
    end = int(datetime(last_year + 1, 1, 1, tzinfo=timezone.utc).timestamp())
    while t < end:
        if offset(t) != offset(t + DAY):
            before, after = t, t + DAY
            while after - before > 1:
                middle = (before + after) // 2
                if offset(middle) == offset(t):
                    before = middle
                else:
                    after = middle
            found.append(after)
        t += DAY
    return found


@lru_cache(maxsize=10000)
def days_near(day):
    middle = utc(day * DAY).date()
    return [middle + timedelta(days=n) for n in range(-3, 4)]


def days_around(t):
    """The dates that may have to do with an instant, in whatever zone."""
    return days_near(t // DAY)


__all__ = ['DAY', 'at', 'changes', 'date', 'days_around', 'instant', 'timedelta', 'utc', 'wall']
