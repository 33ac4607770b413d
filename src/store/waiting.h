/*-------------------------------------------------------------------------
 *
 * waiting.h
 *	  The rows of booking.waiting (who waits for which time) and of
 *	  booking.vacancies (time that became free and could not be given away).
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_WAITING_H
#define BOOKING_STORE_WAITING_H

#include "booking.h"

/* A queue: who wants this service, at a time like this. */
typedef struct Queue
{
	const pg_uuid_t *tenant;
	const pg_uuid_t *service;
	const pg_uuid_t *branch;
	Datum		resources;		/* uuid[]: those that are named, if any */
	TimeSpan	wanted;
} Queue;

/* Somebody who waits. */
typedef struct Waiting
{
	pg_uuid_t	booking;
	pg_uuid_t	service;
	pg_uuid_t	branch;
	int			resource_count; /* named ones */
	pg_uuid_t  *resources;
	bool		has_window;		/* any slot within wanted will do, */
	TimeSpan	wanted;
	TimeSpan	reach;
	TimeSpan	slot;			/* of this length; else this one */
	int			units;
	int			party_size;
	int			version;
	bool		has_customer;
	pg_uuid_t	customer;
	bool		has_contact;
} Waiting;

/* Time that became free of a resource, or of any. */
typedef struct Vacancy
{
	pg_uuid_t	tenant;
	bool		any;
	pg_uuid_t	resource;
	TimeSpan	span;
	pg_uuid_t	giver;			/* the booking that gave it up, which doesn't get it
								 * back at once; not kept in the table */
} Vacancy;

extern void waiting_init(void);
extern TimestampTz waiting_until(const pg_uuid_t *tenant);
extern void waiting_put(const Queue *queue, const pg_uuid_t *booking, TimeSpan reach,
						TimestampTz joined_at);
extern void waiting_remove(const pg_uuid_t *tenant, const pg_uuid_t *booking);
extern Waiting *waiting_overlapping(const pg_uuid_t *tenant, TimeSpan span, TimestampTz now,
									int *count);
extern bool waiting_read(const pg_uuid_t *tenant, const pg_uuid_t *booking, Waiting *waiting);
extern bool waiting_lock(const pg_uuid_t *tenant, const pg_uuid_t *booking, TimestampTz now,
						 bool *gone);
extern uint64 waiting_promote(const pg_uuid_t *tenant, const pg_uuid_t *booking,
							  BookingStatus status, TimeSpan slot, const pg_uuid_t *request_id);
extern TimeSpan *waiting_in_queue(const Queue *queue, const pg_uuid_t *except, TimestampTz now,
								  int *count);
extern bool waiting_already(const Queue *queue, const pg_uuid_t *customer, const char *actor,
							const pg_uuid_t *except, TimestampTz now);
extern int	waiting_position(const pg_uuid_t *tenant, const pg_uuid_t *booking, TimestampTz now);

extern void vacancies_note(const Vacancy *vacancy, TimestampTz now);
extern Vacancy *vacancies_take(const pg_uuid_t *tenant, int max, int *count);

#endif							/* BOOKING_STORE_WAITING_H */
