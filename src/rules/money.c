/*-------------------------------------------------------------------------
 *
 * money.c
 *	  Amounts of money and the decimals a currency has.
 *
 * Amounts are numeric, never floating point.
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
	else if (DatumGetBool(DirectFunctionCall2(numeric_lt, value,
											  NumericGetDatum(int64_to_numeric(0)))))
		why = "It must not be negative.";
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

bool
money_is_zero(Numeric amount)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(amount),
											 NumericGetDatum(int64_to_numeric(0)))) == 0;
}
