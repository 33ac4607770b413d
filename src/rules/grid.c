/*-------------------------------------------------------------------------
 *
 * grid.c
 *	  The instants at which slots of a service may start.
 *
 * From an anchor on, time is elapsed time: every step is as long as the next
 * one, also while clocks are changed.  A grid that begins at midnight is one of
 * wall time: a start is on it if what clocks show, less the offset, is a
 * multiple of the step.  So a time that clocks skip has no start, one that
 * comes twice has two, and a step that does not divide the day is cut short at
 * its end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/calendar.h"
#include "rules/grid.h"

/* What is left over of a time when steps are taken off, 0 to step - 1. */
static int64
remainder_of(int64 time, int64 step)
{
	int64		rest = time % step;

	return rest < 0 ? rest + step : rest;
}

/* What clocks show, as the time since their midnight. */
static int64
time_of_day(TimestampTz instant, const CalendarStretch *stretch)
{
	return remainder_of(instant + stretch->offset, USECS_PER_DAY);
}

bool
grid_has(const Grid *grid, TimestampTz anchor, TimestampTz start)
{
	if (anchor == GRID_MIDNIGHT)
	{
		CalendarStretch stretch = calendar_stretch(start, grid->zone);

		return remainder_of(time_of_day(start, &stretch) - grid->offset, grid->step) == 0;
	}
	return remainder_of(start - anchor - grid->offset, grid->step) == 0;
}

/* The first start of the grid that is not before an instant. */
TimestampTz
grid_next(const Grid *grid, TimestampTz anchor, TimestampTz from)
{
	if (anchor == GRID_MIDNIGHT)
	{
		CalendarStretch stretch = calendar_stretch(from, grid->zone);

		for (;;)
		{
			int64		now = time_of_day(from, &stretch);
			int64		rest = remainder_of(now - grid->offset, grid->step);
			int64		next = rest == 0 ? now : now + grid->step - rest;

			if (from + (Min(next, USECS_PER_DAY) - now) >= stretch.until)
			{
				/* clocks are changed before that */
				from = stretch.until;
				stretch = calendar_stretch(from, grid->zone);
			}
			else if (next < USECS_PER_DAY)
				return from + (next - now);
			else
				from += USECS_PER_DAY - now;
		}
	}
	else
	{
		int64		rest = remainder_of(from - anchor - grid->offset, grid->step);

		return rest == 0 ? from : from + grid->step - rest;
	}
}
