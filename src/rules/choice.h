/*-------------------------------------------------------------------------
 *
 * choice.h
 *	  Which resources a booking gets, of those that could serve it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CHOICE_H
#define BOOKING_CHOICE_H

#include "booking.h"

/* The anchor of a resource that has none; it goes before all others. */
#define CHOICE_NO_ANCHOR DT_NOBEGIN

/* A resource of the kind that is needed, as it is at the slot in question. */
typedef struct Candidate
{
	bool		free;			/* it could be taken, with the units needed */
	bool		named;			/* it has to be among the chosen */
	int			position;
	TimestampTz anchor;			/* of its grid, or CHOICE_NO_ANCHOR */
	bool		on_grid;		/* the slot starts on the grid of that anchor;
								 * true for all where the grid does not matter */
} Candidate;

/*
 * What a service needs of one kind.  A candidate is of one need only.  Where
 * more are named than are needed, all of them are chosen.
 */
typedef struct ChoiceNeed
{
	int			quantity;
	bool		adjacent;		/* at consecutive positions */
	int			count;
	const Candidate *candidates;	/* the most preferred first */
	int			chosen_count;	/* the answer, as indexes of candidates: */
	int		   *chosen;			/* room for the larger of quantity and the
								 * number of those named */
} ChoiceNeed;

extern bool choice_make(ChoiceNeed *needs, int need_count);
extern bool choice_adjacent(const int *positions, int count, int quantity);

#endif							/* BOOKING_CHOICE_H */
