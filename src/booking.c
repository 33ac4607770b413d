/*-------------------------------------------------------------------------
 *
 * booking.c
 *	  Loading of the library.
 *
 * Everything but the background worker works without preloading: the hooks
 * and the launcher are registered only while shared_preload_libraries is
 * processed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "compat.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "engine/deadlines.h"
#include "engine/locks.h"
#include "engine/occupancy.h"
#include "engine/pending.h"
#include "engine/promotion.h"
#include "rules/settings.h"
#include "store/bookings.h"
#include "store/store_state.h"
#include "store/waiting.h"
#include "worker/launcher.h"

BOOKING_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	clock_define_gucs();
	context_define_gucs();
	launcher_define_gucs();
	locks_define_gucs();
	settings_define_gucs();
	MarkGUCPrefixReserved("booking");

	store_state_init();
	bookings_init();
	context_init();
	locks_init();
	occupancy_init();
	pending_init();
	promotion_init();
	waiting_init();
	deadlines_init();
	launcher_init();
}
