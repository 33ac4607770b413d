/*-------------------------------------------------------------------------
 *
 * config.h
 *	  What can be booked and what can be occupied: services with their needs,
 *	  branches, resources.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_CONFIG_H
#define BOOKING_STORE_CONFIG_H

#include "booking.h"

#include "rules/answers.h"
#include "rules/duration.h"
#include "rules/money.h"
#include "rules/settings.h"
#include "utils/array.h"

/* What a service needs of one kind of resource; buffers in microseconds. */
typedef struct ServiceNeed
{
	char	   *kind;
	int			quantity;
	int			units;
	int64		buffer_before;
	int64		buffer_after;
	bool		adjacent;		/* at consecutive positions */
} ServiceNeed;

typedef struct Service
{
	pg_uuid_t	id;
	char	   *name;
	bool		active;
	bool		has_branch;
	pg_uuid_t	branch_id;
	int64		buffer_before;	/* microseconds, as all lengths of time here */
	int64		buffer_after;
	LengthRule	length;			/* how long bookings may be */
	Tariff		tariff;
	Numeric		deposit;		/* of a booking, as far as its price; 0: none */
	int			min_party;
	int			max_party;		/* 0: no limit */
	Settings   *settings;
	Settings   *tenant_settings;
	bool		restricted;		/* only the listed resources may provide it */
	int			need_count;
	ServiceNeed *needs;
} Service;

typedef struct Branch
{
	pg_uuid_t	id;
	char	   *code;
	char	   *tenant_code;
	char	   *time_zone;
	Settings   *settings;
	Settings   *tenant_settings;
} Branch;

typedef struct Resource
{
	pg_uuid_t	id;
	char	   *kind;
	char	   *code;
	int			capacity;
	bool		active;
	int			position;
	TimestampTz overbooked_until;	/* with capacity 1: from here on, nobody else's
									 * allocation is one that the exclusion
									 * constraint does not see */
	Settings   *settings;
	Branch		branch;
} Resource;

/* Tables whose rows have a code that people use. */
typedef enum CodedTable
{
	CODED_TENANT,
	CODED_BRANCH,
	CODED_SERVICE,
	CODED_RESOURCE,
	CODED_QUESTION
} CodedTable;

extern bool config_id_of_code(CodedTable table, const pg_uuid_t *tenant, const char *code,
							  pg_uuid_t *id);
extern const Service *config_service(const pg_uuid_t *tenant, const pg_uuid_t *id);
extern const Branch *config_branch(const pg_uuid_t *tenant, const pg_uuid_t *id);
extern bool config_sole_branch(const pg_uuid_t *tenant, pg_uuid_t *branch);
extern const Service *config_require_service(const pg_uuid_t *tenant, const pg_uuid_t *id);
extern const Branch *config_require_branch(const pg_uuid_t *tenant, const pg_uuid_t *id);
extern const Resource *config_require_resource(const pg_uuid_t *tenant, const pg_uuid_t *id);
extern const Resource *config_resource(const pg_uuid_t *tenant, const pg_uuid_t *id);
extern Resource *config_resources(const pg_uuid_t *tenant, const pg_uuid_t *ids, int count);
extern pg_uuid_t *config_candidates(const pg_uuid_t *tenant, const pg_uuid_t *branch,
									const pg_uuid_t *service, const char *kind, int *count);
extern int	config_count_providers(const pg_uuid_t *tenant, const pg_uuid_t *service,
								   const pg_uuid_t *resources, int count);
extern bool config_reason_known(const pg_uuid_t *tenant, const char *code);
extern char **config_reasons(const pg_uuid_t *tenant, int *count);
extern bool config_question(const pg_uuid_t *tenant, const pg_uuid_t *id, QuestionForm *form);
extern bool config_sole_tenant(pg_uuid_t *tenant);
extern char *config_currency(const pg_uuid_t *tenant);
extern int64 config_interval(const Interval *interval);

#endif							/* BOOKING_STORE_CONFIG_H */
