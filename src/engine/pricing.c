/*-------------------------------------------------------------------------
 *
 * pricing.c
 *	  What a booking costs, and whether there is an order for it (K5).
 *
 * The price is that of the service when the slot is taken, and stays: moving
 * a booking costs nothing, and neither does a service that becomes dearer.
 * It is charged anew only if the quantity that it is counted by changes, or
 * the service.
 *
 * Part of the BEFORE half of booking_guard.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/pricing.h"
#include "rules/calendar.h"
#include "rules/duration.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "rules/money.h"

/* How much a booking has of what the price is for. */
static int64
quantity_of(const Service *service, const BookingRow *row)
{
	switch (service->tariff.unit)
	{
		case PRICE_FIXED:
			break;
		case PRICE_PER_HOUR:
			return duration_length(row_slot(row));
		case PRICE_PER_NIGHT:
			return duration_count_nights(row_slot(row),
										 calendar_zone(row_text(row, BK_TIME_ZONE)));
		case PRICE_PER_PERSON:
			/* a party that is none is place.c's to refuse */
			return Max(row_int(row, BK_PARTY_SIZE), 0);
	}
	return 1;
}

/* Whether a change makes a booking another thing to pay for. */
static bool
is_charged_anew(const Service *service, const BookingRow *row, const BookingRow *old)
{
	return !row_same(old, row, BK_SERVICE_ID) ||
		(row_status(old) == STATUS_WAITLISTED && lifecycle_is_occupying(row_status(row))) ||
		quantity_of(service, row) != quantity_of(service, old);
}

/*
 * Fills in price, tax and currency; old is NULL for an INSERT.  The service is
 * in the change if anything of this may change.  A price that staff states is
 * taken, and its tax is what it contains at the service's rate.
 */
void
pricing_fill(Change *change, BookingRow *row, const BookingRow *old, bool staff)
{
	const Service *service = change->service;
	bool		stated = old ? !row_same(old, row, BK_PRICE) : row_has(row, BK_PRICE);

	if (old != NULL)
		row_set(row, BK_TAX, old->value[BK_TAX]);
	if (service == NULL)
		return;

	change->charged = !(stated && staff) && (old == NULL || is_charged_anew(service, row, old));
	if (change->charged)
	{
		Charge		charge = money_charge(&service->tariff, quantity_of(service, row));

		row_set(row, BK_PRICE, NumericGetDatum(charge.amount));
		row_set(row, BK_TAX, NumericGetDatum(charge.tax));
		row_set_text(row, BK_CURRENCY, service->tariff.currency);
		return;
	}

	if (!row_has(row, BK_CURRENCY))
		row_set_text(row, BK_CURRENCY, service->tariff.currency);
	if (stated || (old != NULL && !row_same(old, row, BK_CURRENCY)))
	{
		Numeric		price = DatumGetNumeric(row->value[BK_PRICE]);
		char	   *currency = row_text(row, BK_CURRENCY);

		money_check(price, currency);
		row_set(row, BK_TAX,
				NumericGetDatum(money_contained_tax(price, service->tariff.tax_rate, currency)));
	}
}

/* Whether a change is one of what is to be paid. */
bool
pricing_changes(const BookingRow *old, const BookingRow *new)
{
	return !row_same(old, new, BK_PRICE) || !row_same(old, new, BK_TAX) ||
		!row_same(old, new, BK_CURRENCY);
}

/*
 * A booking with a price has an order once it is more than a hold, or a hold
 * that waits for its deposit: the statement's or a new one, and keeps it.
 */
void
pricing_fill_order(const Change *change, BookingRow *row, const BookingRow *old)
{
	BookingStatus status = row_status(row);
	bool		is_free = money_is_zero(DatumGetNumeric(row->value[BK_PRICE]));
	pg_uuid_t  *order;

	if (old != NULL &&
		(row_has(old, BK_ORDER_ID) ||
		 (row_status(old) != STATUS_HELD && row_status(old) != STATUS_WAITLISTED)))
	{
		row->value[BK_ORDER_ID] = old->value[BK_ORDER_ID];
		row->isnull[BK_ORDER_ID] = old->isnull[BK_ORDER_ID];

		/* what was free so far may have got a price */
		if (is_free || status == STATUS_CANCELLED || !pricing_changes(old, row))
			return;
	}
	else if ((status != STATUS_PENDING && status != STATUS_CONFIRMED &&
			  change->deposit_verdict != DEPOSIT_AWAITED) || is_free)
	{
		row_clear(row, BK_ORDER_ID);
		return;
	}
	if (row_has(row, BK_ORDER_ID))
		return;
	order = palloc(sizeof(pg_uuid_t));
	*order = ids_new();
	row_set(row, BK_ORDER_ID, UUIDPGetDatum(order));
}
