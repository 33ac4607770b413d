/*-------------------------------------------------------------------------
 *
 * question.h
 *	  What somebody wants to book, and the resources that could serve it.
 *
 * The listing of slots, the check when a slot is taken and the explanation of
 * a refusal all work on these, so that they can't disagree.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_QUESTION_H
#define BOOKING_QUESTION_H

#include "booking.h"

#include "engine/context.h"
#include "engine/opening.h"
#include "engine/quotas.h"
#include "rules/capacity.h"
#include "rules/choice.h"
#include "rules/grid.h"
#include "rules/policy.h"
#include "rules/settings.h"
#include "store/config.h"

/* What the settings say about starts on a resource. */
typedef struct StartTerms
{
	SettingSources sources;
	GridAnchor	anchor;
	Grid		grid;
	bool		buffers_within;
	bool		quotas;			/* there are some */
	PolicyTerms policy;
	PolicyBounds bounds;
} StartTerms;

/* A time during which the grid of a resource has one anchor. */
typedef struct GridPiece
{
	TimeSpan	span;
	TimestampTz anchor;			/* or GRID_MIDNIGHT */
} GridPiece;

/*
 * A resource that a booking names or could get.  All sets are of the visible
 * slot: buffers are accounted for in them.
 */
typedef struct Place
{
	const Resource *resource;
	int			need;			/* the need it serves, or -1 */
	bool		named;
	bool		eligible;		/* in use, needed, and may provide the service */
	const StartTerms *terms;
	Opening		opening;
	int64		before;			/* buffers */
	int64		after;
	int			units;			/* that the booking takes */
	int			unit;			/* that a booking of one unit takes */
	int			capacity;		/* with what may be overbooked */
	bool		shared;

	/* read for a window: */
	bool		hours_read;
	bool		busy_read;
	OpeningHours hours;
	SpanSet		open;			/* where a slot may lie, by the hours */
	SpanSet		closed;			/* what it must not overlap: closures, */
	SpanSet		busy;			/* and what is occupied */
	SpanSet		room;			/* open, less closed and busy */
	CapacityProfile profile;	/* of a shared resource */
	int			piece_count;
	GridPiece  *pieces;
	int			room_at;		/* where it was looked at last */
	int			piece_at;
} Place;

/* What is needed of one kind. */
typedef struct PlaceNeed
{
	const ServiceNeed *need;	/* NULL: one resource of any kind */
	int			quantity;
	bool		adjacent;
	int			count;			/* of places, the named ones first */
	int		   *places;
} PlaceNeed;

typedef struct Question
{
	pg_uuid_t	tenant;
	const Service *service;
	const Branch *branch;		/* where resources are chosen */
	pg_tz	   *zone;			/* of the branch */
	int			units;
	int			party_size;
	int64		duration;		/* 0: as usual */
	int			nights;			/* 0: as few as may be */
	ActorKind	kind;
	bool		staff;
	const pg_uuid_t *customer;	/* or NULL */
	const pg_uuid_t *booking;	/* the one that is moved, or NULL */
	TimestampTz now;
	bool		asked_to_choose;	/* whatever the setting says */
	bool		explains;		/* what verdicts are based on is wanted too */
	bool		fresh;			/* look at what is committed, not at what the
								 * calling query sees */

	int			named_count;
	int			place_count;	/* the named ones first, in their order */
	Place	   *places;
	int			need_count;
	PlaceNeed  *needs;
	bool		chooses;		/* there is something to choose */
	bool		complete;		/* there are as many as are needed */
	QuotaCounts counts;			/* of quotas */
	MemoryContext memory;		/* for what lives as long as the question */
	MemoryContext scratch;		/* for what does not */
	StartTerms *terms;			/* of the resource before */
} Question;

/* An answer: some of the places. */
typedef struct PlaceSet
{
	int			count;
	int		   *places;
} PlaceSet;

extern void question_of_context(Question *question, const Context *context);
extern void question_find_branch(Question *question, const pg_uuid_t *branch,
								 const Context *context, const pg_uuid_t *named, int count);
extern void question_places(Question *question, const pg_uuid_t *named, int count,
							const pg_uuid_t *preferred);
extern void question_candidates(Question *question);
extern void question_places_of(Question *question, const Resource *resources, int count);

extern SettingSources question_sources(const Question *question);
extern TimeSpan question_slot(const Question *question, TimestampTz start);
extern int64 question_reach(const Question *question);

extern bool question_is_possible(const Question *question);
extern bool question_customer_is_elsewhere(Question *question, TimeSpan slot);
extern bool question_quota_full(Question *question, const Place *place, TimeSpan slot,
								Quota *full, QuotaCount *count);

extern void places_forget(Question *question);
extern void places_read_hours(Question *question, Place *place, TimeSpan slots);
extern void places_read_busy(Question *question, int first, int count, TimeSpan slots);
extern void places_read_all(Question *question, TimeSpan slots);

extern const GridPiece *place_piece(Place *place, TimestampTz instant);
extern bool place_has_room(Place *place, TimeSpan slot);
extern int	place_remaining(const Place *place, TimeSpan slot);
extern TimeSpan place_occupied(const Place *place, TimeSpan slot);

/* Says what a place is like, for question_choose_by(). */
typedef void (*PlaceDescriber) (void *arg, Question *question, int index,
								Candidate *candidate);

extern bool question_choose_by(Question *question, PlaceDescriber describe, void *arg,
							   PlaceSet *set);
extern bool question_choose(Question *question, TimeSpan slot, TimeSpan slots, PlaceSet *set);
extern void question_best_effort(Question *question, TimeSpan slot, PlaceSet *set);
extern bool places_on_grid(Question *question, const PlaceSet *set, TimestampTz start,
						   bool *known, TimestampTz *anchor);

#endif							/* BOOKING_QUESTION_H */
