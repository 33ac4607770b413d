/*-------------------------------------------------------------------------
 *
 * effects.h
 *	  Which change asks for which side effect.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_EFFECTS_H
#define BOOKING_EFFECTS_H

#include "booking.h"

#include "store/bookings.h"

#define EFFECTS_MAX 4

/* Topics queued for one version of a booking. */
typedef struct QueuedEffects
{
	pg_uuid_t	booking;
	int			version;
	int			count;
	const char *topics[EFFECTS_MAX];
} QueuedEffects;

extern void effects_queue(const BookingRow *old, const BookingRow *new, const char *action);
extern void effects_reverse(const BookingRow *old, const BookingRow *new);
extern void effects_queue_refund(const pg_uuid_t *tenant, const pg_uuid_t *booking,
								 const pg_uuid_t *effect, const char *event, int version,
								 TimestampTz now);
extern QueuedEffects effects_save(void);
extern void effects_restore(const QueuedEffects *effects);
extern void effects_forget(void);
extern const QueuedEffects *effects_of(const pg_uuid_t *booking, int version);

#endif							/* BOOKING_EFFECTS_H */
