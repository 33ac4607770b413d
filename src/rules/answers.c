/*-------------------------------------------------------------------------
 *
 * answers.c
 *	  What an answer to a question may look like (K10).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "errors.h"
#include "rules/answers.h"
#include "rules/text.h"

#define MAX_ANSWER_CHARS 4000

static void
refuse(const QuestionForm *form, const char *wanted)
{
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("the answer to \"%s\" must be %s", form->prompt, wanted)));
}

/* A calendar date in the form 2026-11-20. */
static bool
is_date(const char *text)
{
	int			year,
				month,
				day;
	char		rest;

	if (strlen(text) != 10 ||
		sscanf(text, "%4d-%2d-%2d%c", &year, &month, &day, &rest) != 3)
		return false;
	return year >= 1 && month >= 1 && month <= MONTHS_PER_YEAR &&
		day >= 1 && day <= day_tab[isleap(year)][month - 1];
}

/* Refuses an answer of the wrong form; null means no answer. */
void
answers_check(const QuestionForm *form, const JsonbValue *value)
{
	char	   *text = NULL;

	if (value->type == jbvNull)
		return;
	if (value->type == jbvString)
		text = pnstrdup(value->val.string.val, value->val.string.len);

	if (strcmp(form->type, "number") == 0)
	{
		if (value->type != jbvNumeric)
			refuse(form, "a number");
	}
	else if (strcmp(form->type, "boolean") == 0)
	{
		if (value->type != jbvBool)
			refuse(form, "true or false");
	}
	else if (text == NULL)
		refuse(form, "a string");
	else if (strcmp(form->type, "date") == 0)
	{
		if (!is_date(text))
			refuse(form, "a date like 2026-11-20");
	}
	else if (strcmp(form->type, "choice") == 0)
	{
		for (int i = 0; i < form->option_count; i++)
			if (strcmp(form->options[i], text) == 0)
				return;
		refuse(form, "one of its options");
	}
	else
		text_check_body("answer", text, MAX_ANSWER_CHARS);
}
