/*-------------------------------------------------------------------------
 *
 * promotion.h
 *	  Giving time that became free to who waits for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PROMOTION_H
#define BOOKING_PROMOTION_H

#include "booking.h"

#include "engine/locks.h"
#include "engine/pending.h"
#include "store/bookings.h"
#include "store/config.h"
#include "store/waiting.h"

extern void promotion_init(void);

/* in BEFORE of what is going to free something */
extern int	promotion_add_keys(KeySet *set, const pg_uuid_t *tenant, const BookingRow *old,
							   TimestampTz now);
extern int	promotion_add_all_keys(KeySet *set, const pg_uuid_t *tenant,
								   const BookingRow *old, TimestampTz now);

/* once it is free */
extern void promotion_note_freed(const Change *change, const BookingRow *old);
extern void promotion_now(const Change *change, const BookingRow *old);
extern void promotion_of_leftover(const pg_uuid_t *tenant, const pg_uuid_t *resource,
								  TimeSpan span, TimestampTz now);
extern void promotion_end_statement(void);
extern void promotion_after_config(const pg_uuid_t *tenant, const pg_uuid_t *resource,
								   bool at_once);

/* What came of going over the vacancies. */
typedef struct PromotionRest
{
	int			looked_at;
	int			busy;			/* noted again: somebody was in the way */
} PromotionRest;

extern int	promotion_sweep(const pg_uuid_t *tenant, int max, PromotionRest *rest);

/* for staff who promotes by hand */
extern BookingStatus promotion_status(const pg_uuid_t *tenant, const Waiting *waiting);
extern TimeSpan promotion_slot(const pg_uuid_t *tenant, const Waiting *waiting, bool staff);

#endif							/* BOOKING_PROMOTION_H */
