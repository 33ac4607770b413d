/*-------------------------------------------------------------------------
 *
 * money.c
 *	  Amounts of money: the decimals a currency has, prices, tax (K5).
 *
 * Amounts are numeric, never floating point.  Each is rounded once, half up
 * and from its exact value, to the decimals of its currency.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "errors.h"
#include "fmgr.h"
#include "rules/money.h"
#include "rules/text.h"
#include "utils/fmgrprotos.h"

typedef struct CurrencyScale
{
	char		code[4];
	int			scale;
} CurrencyScale;

/* Names of PriceUnit. */
static const char *const unit_names[] = {
	[PRICE_FIXED] = "fixed",
	[PRICE_PER_HOUR] = "per_hour",
	[PRICE_PER_NIGHT] = "per_night",
	[PRICE_PER_PERSON] = "per_person",
};

/* Largest amount there is; what is more is a mistake. */
#define MAX_AMOUNT INT64CONST(1000000000000000)

/* Most decimals of a tax rate. */
#define MAX_RATE_SCALE 6

/* The currencies of ISO 4217 that don't have two decimals. */
static const CurrencyScale currency_scales[] = {
	{"BHD", 3},
	{"BIF", 0},
	{"CLF", 4},
	{"CLP", 0},
	{"DJF", 0},
	{"GNF", 0},
	{"IQD", 3},
	{"ISK", 0},
	{"JOD", 3},
	{"JPY", 0},
	{"KMF", 0},
	{"KRW", 0},
	{"KWD", 3},
	{"LYD", 3},
	{"OMR", 3},
	{"PYG", 0},
	{"RWF", 0},
	{"TND", 3},
	{"UGX", 0},
	{"UYI", 0},
	{"UYW", 4},
	{"VND", 0},
	{"VUV", 0},
	{"XAF", 0},
	{"XOF", 0},
	{"XPF", 0},
};

/*
 * How many decimals amounts in a currency have.
 *
 * A code is three upper-case letters.  One that isn't in the table has two
 * decimals, known to ISO 4217 or not: new currencies must not need a new
 * version of this.
 */
static int
scale_of(const char *currency)
{
	if (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("currency \"%s\" is not valid", text_excerpt(currency)),
				 errhint("A currency is its ISO 4217 code, three upper-case letters such as EUR.")));

	for (int i = 0; i < (int) lengthof(currency_scales); i++)
	{
		if (strcmp(currency_scales[i].code, currency) == 0)
			return currency_scales[i].scale;
	}
	return 2;
}

static Numeric
plus(Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_add, NumericGetDatum(a),
											   NumericGetDatum(b)));
}

static Numeric
times(Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_mul, NumericGetDatum(a),
											   NumericGetDatum(b)));
}

static int
compare(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a),
											 NumericGetDatum(b)));
}

/*
 * dividend / divisor, both not negative, rounded half up to a number of
 * decimals.  numeric's own division is rounded already: what is a hair below
 * one half would come out as one half, and be rounded up.
 */
static Numeric
divide(Numeric dividend, Numeric divisor, int scale)
{
	Numeric		two = int64_to_numeric(2);
	Numeric		minor_unit = int64_div_fast_to_numeric(1, scale);
	Numeric		minor_units = int64_to_numeric(1);
	Datum		whole;

	for (int i = 0; i < scale; i++)
		minor_units = times(minor_units, int64_to_numeric(10));

	/* floor(x + 1/2) of x = dividend * minor_units / divisor */
	whole = DirectFunctionCall2(numeric_div_trunc,
								NumericGetDatum(plus(times(two, times(dividend, minor_units)),
													 divisor)),
								NumericGetDatum(times(two, divisor)));
	return times(DatumGetNumeric(whole), minor_unit);
}

/*
 * Refuse what isn't an amount of money in the currency: NaN, infinity, less
 * than nothing, or a fraction the currency hasn't got (K5).  Trailing zeros
 * are no fraction.
 */
void
money_check(Numeric amount, const char *currency)
{
	int			scale = scale_of(currency);
	Datum		value = NumericGetDatum(amount);
	const char *why;

	if (numeric_is_nan(amount) || numeric_is_inf(amount))
		why = "It must be a finite number.";
	else if (compare(amount, int64_to_numeric(0)) < 0)
		why = "It must not be negative.";
	else if (compare(amount, int64_to_numeric(MAX_AMOUNT)) > 0)
		why = psprintf("It must not be more than " INT64_FORMAT ".", MAX_AMOUNT);
	else if (DatumGetInt32(DirectFunctionCall1(numeric_min_scale, value)) > scale)
		why = psprintf("Amounts in %s have at most %d decimals.", currency, scale);
	else
		return;

	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("%s is not a valid amount in %s",
					text_excerpt(DatumGetCString(DirectFunctionCall1(numeric_out, value))),
					currency),
			 errdetail_internal("%s", why)));
}

/* Refuse what isn't a percentage of tax. */
void
money_check_rate(Numeric rate)
{
	if (!numeric_is_nan(rate) && compare(rate, int64_to_numeric(0)) >= 0 &&
		compare(rate, int64_to_numeric(100)) <= 0 &&
		DatumGetInt32(DirectFunctionCall1(numeric_min_scale, NumericGetDatum(rate))) <= MAX_RATE_SCALE)
		return;
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("%s is not a valid tax rate",
					text_excerpt(DatumGetCString(DirectFunctionCall1(numeric_out,
																	 NumericGetDatum(rate))))),
			 errhint("A tax rate is a percentage from 0 to 100 with at most %d decimals, such as 7.7.",
					 MAX_RATE_SCALE)));
}

/* The unit a service's price_unit names. */
PriceUnit
money_unit(const char *name)
{
	for (int i = 0; i < (int) lengthof(unit_names); i++)
		if (strcmp(unit_names[i], name) == 0)
			return (PriceUnit) i;
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("price unit \"%s\" is not known", text_excerpt(name)),
			 errhint("The units are fixed, per_hour, per_night and per_person.")));
}

bool
money_is_zero(Numeric amount)
{
	return compare(amount, int64_to_numeric(0)) == 0;
}

int
money_compare(Numeric a, Numeric b)
{
	return compare(a, b);
}

/* What is still to be paid of what is due; 0 when all is. */
Numeric
money_missing(Numeric due, Numeric paid)
{
	if (compare(paid, due) >= 0)
		return int64_to_numeric(0);
	return DatumGetNumeric(DirectFunctionCall2(numeric_sub, NumericGetDatum(due),
											   NumericGetDatum(paid)));
}

/* The part of an amount that is tax at a rate, in percent. */
Numeric
money_contained_tax(Numeric amount, Numeric rate, const char *currency)
{
	if (money_is_zero(rate) || money_is_zero(amount))
		return int64_to_numeric(0);
	return divide(times(amount, rate), plus(int64_to_numeric(100), rate),
				  scale_of(currency));
}

/*
 * What a quantity costs: a number of nights or persons, microseconds of a
 * price by the hour; for a fixed price it doesn't matter.  With the price's
 * tax on top the amount is rounded first, then the tax.
 */
Charge
money_charge(const Tariff *tariff, int64 quantity)
{
	int			scale = scale_of(tariff->currency);
	Charge		charge;

	/* the currency may have been changed since the price was set */
	money_check(tariff->price, tariff->currency);

	switch (tariff->unit)
	{
		case PRICE_FIXED:
			charge.amount = tariff->price;
			break;
		case PRICE_PER_HOUR:
			charge.amount = divide(times(tariff->price, int64_to_numeric(quantity)),
								   int64_to_numeric(USECS_PER_HOUR), scale);
			break;
		case PRICE_PER_NIGHT:
		case PRICE_PER_PERSON:
			charge.amount = times(tariff->price, int64_to_numeric(quantity));
			break;
	}

	if (money_is_zero(tariff->tax_rate))
		charge.tax = int64_to_numeric(0);
	else if (tariff->tax_inclusive)
		charge.tax = money_contained_tax(charge.amount, tariff->tax_rate, tariff->currency);
	else
	{
		charge.tax = divide(times(charge.amount, tariff->tax_rate), int64_to_numeric(100), scale);
		charge.amount = plus(charge.amount, charge.tax);
	}
	return charge;
}
