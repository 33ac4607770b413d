/*-------------------------------------------------------------------------
 *
 * bookings.h
 *	  The rows of booking.bookings as C sees them, and their statements.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_BOOKINGS_H
#define BOOKING_STORE_BOOKINGS_H

#include "booking.h"

#include "access/htup.h"
#include "utils/array.h"
#include "utils/relcache.h"

/* The columns, in the order of booking_columns[] in bookings.c. */
typedef enum BookingColumn
{
	BK_TENANT_ID,
	BK_ID,
	BK_BRANCH_ID,
	BK_SERVICE_ID,
	BK_STATUS,
	BK_STARTS_AT,
	BK_ENDS_AT,
	BK_DURING,
	BK_RESOURCE_IDS,
	BK_UNITS,
	BK_CUSTOMER_ID,
	BK_EXPIRES_AT,
	BK_VERSION,
	BK_REASON_CODE,
	BK_PREVIOUS_STATUS,
	BK_HOLD_TTL,
	BK_HELD_AT,
	BK_WANTED,
	BK_JOINED_AT,
	BK_LOCAL_START,
	BK_TIME_ZONE,
	BK_PRICE,
	BK_TAX,
	BK_CURRENCY,
	BK_ORDER_ID,
	BK_BOOKED_BY,
	BK_CONTACT,
	BK_TITLE,
	BK_DESCRIPTION,
	BK_ATTENDEES,
	BK_PARTY_SIZE,
	BK_NOTE_COUNT,
	BK_METADATA,
	BK_CHANNEL,
	BK_CONVERSATION,
	BK_ACTOR,
	BK_ACTOR_KIND,
	BK_REQUEST_ID,
	BK_OVERRIDES,
	BK_CHANGE_METADATA,
	BK_CREATED_AT,
	BK_UPDATED_AT,
	BK_COLUMN_COUNT
} BookingColumn;

/* What a column is to the guard and to the audit trail. */
typedef enum ColumnRole
{
	COLUMN_KEY,					/* says which booking it is; never changes */
	COLUMN_SUBJECT,				/* clients change it, audited */
	COLUMN_PRIVATE,				/* clients change it, may hold personal data:
								 * audited by digest */
	COLUMN_ENGINE,				/* the guard keeps it, audited */
	COLUMN_DERIVED,				/* follows from others, so not audited */
	COLUMN_CHANGE				/* about the change itself: in the audit row's
								 * own columns */
} ColumnRole;

typedef struct BookingColumnInfo
{
	const char *name;
	Oid			type;
	ColumnRole	role;
} BookingColumnInfo;

extern const BookingColumnInfo booking_columns[BK_COLUMN_COUNT];

/* One version of a booking. */
typedef struct BookingRow
{
	Datum		value[BK_COLUMN_COUNT];
	bool		isnull[BK_COLUMN_COUNT];
} BookingRow;

#define row_has(row, column) (!(row)->isnull[column])
#define row_uuid(row, column) (DatumGetUUIDP((row)->value[column]))
#define row_time(row, column) (DatumGetTimestampTz((row)->value[column]))
#define row_int(row, column) (DatumGetInt32((row)->value[column]))
#define row_slot(row) ((TimeSpan) {row_time(row, BK_STARTS_AT), row_time(row, BK_ENDS_AT)})
#define row_set(row, column, datum) \
	((row)->value[column] = (datum), (row)->isnull[column] = false)
#define row_clear(row, column) \
	((row)->value[column] = (Datum) 0, (row)->isnull[column] = true)

extern void bookings_init(void);
extern void bookings_read(Relation relation, HeapTuple tuple, BookingRow *row);
extern HeapTuple bookings_write(Relation relation, HeapTuple tuple, BookingRow *row);

extern char *row_text(const BookingRow *row, BookingColumn column);
extern void row_set_text(BookingRow *row, BookingColumn column, const char *text);
extern BookingStatus row_status(const BookingRow *row);
extern void row_set_status(BookingRow *row, BookingStatus status);
extern pg_uuid_t *row_resources(const BookingRow *row, int *count);
extern bool row_same(const BookingRow *a, const BookingRow *b, BookingColumn column);

/* The booking as a command finds it, with its row locked. */
typedef struct BookingState
{
	BookingStatus status;
	int			version;
	TimestampTz starts_at;
	TimestampTz ends_at;
	TimestampTz expires_at;		/* DT_NOEND when it has none */
	int			resource_count;
	pg_uuid_t  *resource_ids;
	pg_uuid_t	service_id;
	pg_uuid_t	branch_id;
	char	   *time_zone;
	char	   *currency;
	Datum		price;			/* numeric */
	char	   *reason_code;
	char	   *previous_status;
	bool		has_order;
	pg_uuid_t	order_id;
	char	   *booked_by;		/* or NULL */
} BookingState;

/* What of a booking is to be changed, and to what. */
typedef struct Amendment
{
	bool		given[BK_COLUMN_COUNT];
	BookingRow	row;			/* overrides always count, null for none */
} Amendment;

/* The outcome of a change, for the functions of the API. */
typedef struct BookingResult
{
	pg_uuid_t	id;
	BookingStatus status;
	int			version;
	TimestampTz starts_at;
	TimestampTz ends_at;
	Datum		resource_ids;	/* uuid[] */
	TimestampTz expires_at;		/* DT_NOEND when it has none */
	pg_uuid_t	order_id;
	bool		has_order;
	Datum		price;			/* numeric */
	Datum		tax;			/* numeric */
	char	   *currency;
	TimestampTz updated_at;
} BookingResult;

extern bool bookings_lock(const pg_uuid_t *tenant, const pg_uuid_t *id, bool wait,
						  BookingState *state);
extern bool bookings_find(const pg_uuid_t *tenant, const pg_uuid_t *id, BookingRow *row);
extern bool bookings_lock_row(const pg_uuid_t *tenant, const pg_uuid_t *id, bool wait,
							  BookingRow *row);
extern BookingResult *bookings_restore(const BookingRow *row);

/* A booking as bulk work finds it, with its row locked. */
typedef struct BookingFound
{
	pg_uuid_t	id;
	BookingStatus status;
	int			version;
	TimeSpan	slot;
	pg_uuid_t	service_id;
	pg_uuid_t	branch_id;
	int			resource_count;
	pg_uuid_t  *resource_ids;
	bool		has_customer;
	pg_uuid_t	customer_id;
	bool		has_order;
	pg_uuid_t	order_id;
	char	   *booked_by;		/* or NULL */
} BookingFound;

/* And as it leaves it. */
typedef struct BookingChanged
{
	pg_uuid_t	id;
	BookingStatus status;
	int			version;
	TimestampTz at;
} BookingChanged;

extern int	bookings_lock_all(const pg_uuid_t *tenant, ArrayType *ids);
extern void bookings_found(int row, BookingFound *found);
extern int	bookings_cancel_all(const pg_uuid_t *tenant, ArrayType *ids, const char *reason);
extern int	bookings_reassign_all(const pg_uuid_t *tenant, ArrayType *ids,
								  const pg_uuid_t *resource);
extern void bookings_changed(int row, BookingChanged *changed);

extern void bookings_note_result(const BookingRow *row);
extern BookingResult *bookings_insert(const BookingRow *row);
extern BookingResult *bookings_set_status(const pg_uuid_t *tenant, const pg_uuid_t *id,
										  BookingStatus status, const char *reason);
extern BookingResult *bookings_promote(const pg_uuid_t *tenant, const pg_uuid_t *id,
									   BookingStatus status, TimeSpan slot);
extern BookingResult *bookings_checkout(const BookingRow *row);
extern BookingResult *bookings_renew(const pg_uuid_t *tenant, const pg_uuid_t *id,
									 const Interval *ttl);
extern BookingResult *bookings_move(const pg_uuid_t *tenant, const pg_uuid_t *id,
									TimeSpan slot, ArrayType *overrides);
extern BookingResult *bookings_reassign(const pg_uuid_t *tenant, const pg_uuid_t *id,
										ArrayType *resource_ids, ArrayType *overrides);
extern BookingResult *bookings_amend(const pg_uuid_t *tenant, const pg_uuid_t *id,
									 const Amendment *amendment);
extern BookingResult *bookings_read_result(const pg_uuid_t *tenant, const pg_uuid_t *id);
extern BookingResult *bookings_set_customer(const pg_uuid_t *tenant, const pg_uuid_t *id,
											const pg_uuid_t *customer);
extern void bookings_count_note(const pg_uuid_t *tenant, const pg_uuid_t *id);

extern uint64 bookings_end_expired(const pg_uuid_t *tenant, ArrayType *ids,
								   TimestampTz now, const pg_uuid_t *request_id);
extern pg_uuid_t *bookings_find_expired(const pg_uuid_t *tenant, TimestampTz now, int max,
										int *count);
extern pg_uuid_t *bookings_tenants_with_expired(TimestampTz now, int *count);
extern TimestampTz bookings_next_expiry(TimestampTz after);
extern int	bookings_count_live_holds(const pg_uuid_t *tenant, const char *actor,
									  TimestampTz now, const pg_uuid_t *except);

#endif							/* BOOKING_STORE_BOOKINGS_H */
