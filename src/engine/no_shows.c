/*-------------------------------------------------------------------------
 *
 * no_shows.c
 *	  Bookings that nobody came to, where the clock says so (C10).
 *
 * With the setting no_show_mode = auto a confirmed booking becomes a no-show
 * once its start and no_show_grace are over.  No column says when that is: the
 * settings may change at any time.  So the sweep looks at what has begun and
 * still occupies a resource, and asks the settings of each.
 *
 * A no-show that staff has restored is left alone: the guest is there, or
 * staff waits for him.
 *
 * As all work done for others this never waits, and a check-in that has the
 * booking wins.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/checks.h"
#include "engine/clock.h"
#include "engine/no_shows.h"
#include "store/config.h"
#include "store/no_shows_store.h"
#include "store/plan.h"
#include "store/store_state.h"

/* How many bookings that come next are looked at in each branch. */
#define LOOK_AHEAD 20

/*
 * When a confirmed booking becomes a no-show by itself; DT_NOEND: never.  The
 * service of the change must be known, and if resources have different
 * settings, all of them must say so, and the longest grace counts.
 */
TimestampTz
no_shows_due(const Change *change, const BookingRow *row)
{
	if (row_has(row, BK_PREVIOUS_STATUS) ||
		checks_setting_of_booking(SETTING_NO_SHOW_MODE, change, row).option != NO_SHOW_AUTO)
		return DT_NOEND;
	return row_time(row, BK_STARTS_AT) +
		checks_setting_of_booking(SETTING_NO_SHOW_GRACE, change, row).interval_us;
}

/* The same for one of the rows of a sweep. */
static TimestampTz
due_of(const pg_uuid_t *tenant, const Expected *booking)
{
	Change		change = {0};
	BookingRow	row;

	memset(&row, 0, sizeof(row));
	memset(row.isnull, true, sizeof(row.isnull));
	change.tenant = *tenant;
	change.service = config_service(tenant, &booking->service_id);
	if (change.service == NULL)
		return DT_NOEND;
	row_set(&row, BK_BRANCH_ID, UUIDPGetDatum(&booking->branch_id));
	row_set(&row, BK_STARTS_AT, TimestampTzGetDatum(booking->starts_at));
	row_set(&row, BK_RESOURCE_IDS, booking->resource_ids);
	return no_shows_due(&change, &row);
}

/*
 * The tenants of which anything is set to auto; most have nothing, and a
 * sweep is to cost them nothing.  Kept until a configuration row changes.
 */
static const pg_uuid_t *
tenants_with_auto(int *count)
{
	static pg_uuid_t *kept = NULL;
	static int	kept_count = 0;
	static uint64 kept_generation = 0;
	static int	kept_mode = -1;
	SettingSources nothing = {0};
	int			mode = settings_get(SETTING_NO_SHOW_MODE, &nothing).option;
	uint64		generation = store_generation();

	if (kept == NULL || kept_generation != generation || kept_mode != mode)
	{
		int			found;
		pg_uuid_t  *tenants = no_shows_store_tenants(mode == NO_SHOW_AUTO, &found);

		if (kept != NULL)
			pfree(kept);
		kept = NULL;
		kept = MemoryContextAlloc(TopMemoryContext, sizeof(pg_uuid_t) * Max(found, 1));
		memcpy(kept, tenants, sizeof(pg_uuid_t) * found);
		kept_count = found;
		kept_generation = generation;
		kept_mode = mode;
	}
	*count = kept_count;
	return kept;
}

/*
 * Marks up to max bookings, of one tenant or (NULL) of all, and returns how
 * many were marked.  Needs SPI.
 */
int
no_shows_sweep(const pg_uuid_t *tenant, int max, ExpiryRest *rest)
{
	TimestampTz now = clock_now();
	int			tenant_count;
	const pg_uuid_t *tenants = tenants_with_auto(&tenant_count);
	int			looked_at = 0;
	int			marked = 0;

	memset(rest, 0, sizeof(ExpiryRest));
	for (int i = 0; i < tenant_count && looked_at < max; i++)
	{
		pg_uuid_t	id = tenants[i];
		int			count;
		Expected   *begun;
		pg_uuid_t  *missed;
		int			missed_count = 0;

		if (tenant != NULL && !uuid_equal(tenant, &id))
			continue;
		begun = no_shows_store_begun(&id, now, &count);
		missed = palloc(sizeof(pg_uuid_t) * Max(count, 1));
		for (int j = 0; j < count && looked_at < max; j++)
			if (due_of(&id, &begun[j]) <= now)
			{
				missed[missed_count++] = begun[j].id;
				looked_at++;
			}
		if (missed_count > 0)
			marked += expiry_end_separately(&id, missed, missed_count, now,
											no_shows_store_mark, rest);

		/* marking may have made it stale */
		tenants = tenants_with_auto(&tenant_count);
	}
	return marked;
}

/*
 * When the next booking becomes a no-show that is not overdue, or when to look
 * again for it; DT_NOEND when none does.  Needs SPI.
 */
TimestampTz
no_shows_next_due(void)
{
	TimestampTz now = clock_now();
	TimestampTz next = DT_NOEND;
	int			tenant_count;
	const pg_uuid_t *tenants = tenants_with_auto(&tenant_count);

	for (int i = 0; i < tenant_count; i++)
	{
		pg_uuid_t	id = tenants[i];
		int			count;
		Expected   *bookings = no_shows_store_begun(&id, now, &count);
		int			in_branch = 0;

		for (int j = 0; j < count; j++)
		{
			TimestampTz due = due_of(&id, &bookings[j]);

			if (due > now)
				next = Min(next, due);
		}
		bookings = no_shows_store_coming(&id, now, LOOK_AHEAD, &count);
		for (int j = 0; j < count; j++)
		{
			next = Min(next, due_of(&id, &bookings[j]));
			in_branch = j > 0 && uuid_equal(&bookings[j].branch_id, &bookings[j - 1].branch_id) ?
				in_branch + 1 : 1;
			if (in_branch == LOOK_AHEAD)
				next = Min(next, bookings[j].starts_at);
		}
		tenants = tenants_with_auto(&tenant_count);
	}
	return next;
}
