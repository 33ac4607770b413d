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

extern void money_check(Numeric amount, const char *currency);
extern bool money_is_zero(Numeric amount);

#endif							/* BOOKING_MONEY_H */
