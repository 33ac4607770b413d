/*-------------------------------------------------------------------------
 *
 * tokens.h
 *	  Secrets as text that goes into a URL, and their comparison.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_TOKENS_H
#define BOOKING_TOKENS_H

#include "booking.h"

extern char *tokens_encode(const unsigned char *bytes, int length);
extern int	tokens_decode(const char *text, int text_length, unsigned char *bytes, int size);
extern bool tokens_equal(const unsigned char *a, const unsigned char *b, int length);

#endif							/* BOOKING_TOKENS_H */
