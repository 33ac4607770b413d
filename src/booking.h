/*-------------------------------------------------------------------------
 *
 * booking.h
 *	  Types shared by every layer of the booking engine.
 *
 * Vocabulary
 *	  booking		one row of booking.bookings: somebody's claim on a slot
 *	  slot			the visible time of a booking, [starts_at, ends_at)
 *	  hold			a booking in status held; it lapses at expires_at
 *	  occupying		a status in which the slot is taken (lifecycle.c)
 *	  allocation	what one booking takes of one resource: the slot widened by
 *					the buffers, and a number of units
 *	  actor			who changes a booking; actor kind says in which capacity
 *
 * Layers, each including only what stands to its right:
 *	  api, worker -> engine -> store, rules
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_H
#define BOOKING_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* Statuses in lifecycle order; lifecycle.c holds names and edges. */
typedef enum BookingStatus
{
	STATUS_WAITLISTED,
	STATUS_HELD,
	STATUS_PENDING,
	STATUS_CONFIRMED,
	STATUS_PENDING_CANCELLATION,
	STATUS_CHECKED_IN,
	STATUS_BEING_SERVED,
	STATUS_COMPLETED,
	STATUS_NO_SHOW,
	STATUS_CANCELLED
} BookingStatus;

#define BOOKING_STATUS_COUNT (STATUS_CANCELLED + 1)

/* In which capacity somebody acts; ordered by what it allows. */
typedef enum ActorKind
{
	ACTOR_CUSTOMER,
	ACTOR_CALENDAR,
	ACTOR_STAFF,
	ACTOR_SYSTEM
} ActorKind;

/* A half-open span of time, [from, until). */
typedef struct TimeSpan
{
	TimestampTz from;
	TimestampTz until;
} TimeSpan;

#define span_is_empty(span) ((span).from >= (span).until)
#define spans_overlap(a, b) ((a).from < (b).until && (b).from < (a).until)

#define uuid_equal(a, b) (memcmp((a)->data, (b)->data, UUID_LEN) == 0)

#endif							/* BOOKING_H */
