/*-------------------------------------------------------------------------
 *
 * text.h
 *	  What text a booking, a customer or a code may carry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_TEXT_H
#define BOOKING_TEXT_H

#include "booking.h"

/* Longest code, in bytes: channel names built of two must stay below 64. */
#define CODE_MAX_BYTES 26

/* Longest piece of a client's text that a message repeats, in bytes. */
#define EXCERPT_MAX_BYTES 100

extern char *text_clean_email(const char *email);
extern void text_check_line(const char *field, const char *value,
							int max_chars);
extern void text_check_body(const char *field, const char *value,
							int max_chars);
extern void text_check_code(const char *value, int max_bytes);
extern const char *text_excerpt(const char *text);

#endif							/* BOOKING_TEXT_H */
