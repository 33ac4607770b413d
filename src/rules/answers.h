/*-------------------------------------------------------------------------
 *
 * answers.h
 *	  What an answer to a question may look like.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ANSWERS_H
#define BOOKING_ANSWERS_H

#include "booking.h"

/* A question as far as its answers go. */
typedef struct QuestionForm
{
	char	   *prompt;
	char	   *type;			/* text, number, choice, boolean, date */
	char	  **options;		/* of a choice */
	int			option_count;
} QuestionForm;

extern void answers_check(const QuestionForm *form, const JsonbValue *value);

#endif							/* BOOKING_ANSWERS_H */
