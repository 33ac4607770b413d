/*-------------------------------------------------------------------------
 *
 * money.h
 *	  Amounts of money and the decimals a currency has.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_MONEY_H
#define BOOKING_MONEY_H

#include "booking.h"

#include "utils/numeric.h"

/* What a price is for; money.c holds the names. */
typedef enum PriceUnit
{
	PRICE_FIXED,				/* the booking, whatever its size */
	PRICE_PER_HOUR,				/* of elapsed time, fractions included */
	PRICE_PER_NIGHT,
	PRICE_PER_PERSON
} PriceUnit;

/* What a service costs. */
typedef struct Tariff
{
	Numeric		price;			/* of one unit */
	PriceUnit	unit;
	char	   *currency;
	Numeric		tax_rate;		/* percent */
	bool		tax_inclusive;	/* the price contains the tax */
} Tariff;

/* What is to be paid for a booking. */
typedef struct Charge
{
	Numeric		amount;			/* with tax */
	Numeric		tax;			/* that part of it */
} Charge;

extern void money_check(Numeric amount, const char *currency);
extern void money_check_rate(Numeric rate);
extern PriceUnit money_unit(const char *name);
extern bool money_is_zero(Numeric amount);
extern int	money_compare(Numeric a, Numeric b);
extern Numeric money_missing(Numeric due, Numeric paid);

extern Charge money_charge(const Tariff *tariff, int64 quantity);
extern Numeric money_contained_tax(Numeric amount, Numeric rate, const char *currency);

#endif							/* BOOKING_MONEY_H */
