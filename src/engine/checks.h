/*-------------------------------------------------------------------------
 *
 * checks.h
 *	  What a change of a booking must satisfy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CHECKS_H
#define BOOKING_CHECKS_H

#include "booking.h"

#include "engine/context.h"
#include "engine/pending.h"
#include "rules/settings.h"
#include "store/bookings.h"

extern void checks_insert(Change *change, const BookingRow *row, const Context *who);
extern void checks_update(Change *change, const BookingRow *old, const BookingRow *new,
						  const Context *who);
extern void checks_leave(Change *change, const BookingRow *old, const BookingRow *new,
						 const Context *who);
extern SettingValue checks_setting(SettingKey key, const Change *change,
								   const pg_uuid_t *branch);
extern SettingValue checks_setting_of_booking(SettingKey key, const Change *change,
											  const BookingRow *row);
extern bool checks_lapsed(const BookingRow *row, TimestampTz now);
extern bool checks_moves(const BookingRow *old, const BookingRow *new);
extern bool checks_gives_back(const BookingRow *old, const BookingRow *new, TimestampTz now);
extern bool checks_drops_resources(const BookingRow *old, const BookingRow *new);
extern bool checks_restores_no_show(const BookingRow *old, const BookingRow *new);
extern const pg_uuid_t *checks_vouch_for_customer(const pg_uuid_t *customer);
extern bool checks_vouches_for(const pg_uuid_t *customer);
extern const pg_uuid_t *checks_ask_for_approval(const pg_uuid_t *booking);
extern bool checks_asks_for_approval(const pg_uuid_t *booking);
extern bool checks_needs_approval(const Change *change, const pg_uuid_t *branch_id);

#endif							/* BOOKING_CHECKS_H */
