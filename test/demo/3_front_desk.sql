\set SHOW_CONTEXT never
SET TimeZone = 'America/Detroit';
\echo
\echo '======================================================================'
\echo ' 3. A day at the front desk'
\echo '======================================================================'
\echo
\set ECHO all
-- Dana again.  Today's customers: Sam was due two hours ago, Maya is due now,
-- Noor, Ines and Omar later.
SELECT booking.set_context(tenant => booking.tenant_id('harbor'),
	actor => 'dana@harbor.example', actor_kind => 'staff', channel => 'staff_console',
	session => true) \gset
SELECT date_trunc('hour', now()) AS hour \gset
SELECT booking_id FROM booking.book(booking.service_id('60-minute-swedish'),
	:'hour'::timestamptz - interval '2 hours', '{"name": "Sam"}') \gset sam_
SELECT booking_id FROM booking.book(booking.service_id('60-minute-swedish'),
	:'hour', '{"name": "Maya"}') \gset maya_
SELECT booking_id FROM booking.book(booking.service_id('60-minute-swedish'),
	:'hour'::timestamptz + interval '2 hours', '{"name": "Noor"}') \gset noor_
SELECT booking_id FROM booking.book(booking.service_id('60-minute-swedish'),
	:'hour'::timestamptz + interval '4 hours', '{"name": "Ines"}') \gset ines_
SELECT booking_id FROM booking.book(booking.service_id('60-minute-swedish'),
	:'hour'::timestamptz + interval '6 hours', '{"name": "Omar"}') \gset omar_
\echo
-- Maya comes, is served, and goes.
SELECT status, version FROM booking.check_in(:'maya_booking_id');
SELECT status, version FROM booking.start_serving(:'maya_booking_id');
SELECT status, version, effects FROM booking.complete(:'maya_booking_id');
\echo
-- Sam never came.  Noor isn't here either, but then she is not due yet.
SELECT status, version FROM booking.no_show(:'sam_booking_id');
\set ON_ERROR_STOP off
SELECT status, version FROM booking.no_show(:'noor_booking_id');
\set ON_ERROR_STOP on
\echo
-- Noor calls to cancel.  That takes a reason, one that the tenant knows.
\set ON_ERROR_STOP off
SELECT status, version FROM booking.cancel(:'noor_booking_id');
\set ON_ERROR_STOP on
\echo
SELECT status, version, effects FROM booking.cancel(:'noor_booking_id', 'customer_request');
\echo
-- The same from a client that knows tables only: these are not the functions,
-- and yet the same rules hold and the same things follow.
UPDATE booking.bookings SET local_start = local_start + interval '30 minutes'
WHERE id = :'ines_booking_id';
UPDATE booking.bookings SET status = 'checked_in' WHERE id = :'ines_booking_id';
UPDATE booking.bookings SET status = 'being_served' WHERE id = :'ines_booking_id';
UPDATE booking.bookings SET status = 'completed' WHERE id = :'ines_booking_id';
\set ON_ERROR_STOP off
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'maya_booking_id';
\echo
UPDATE booking.bookings SET status = 'cancelled' WHERE id = :'omar_booking_id';
\echo
UPDATE booking.bookings SET status = 'no_show', reason_code = 'did_not_arrive'
WHERE id = :'omar_booking_id';
\echo
DELETE FROM booking.bookings WHERE id = :'omar_booking_id';
\set ON_ERROR_STOP on
\echo
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather'
WHERE id = :'omar_booking_id';
\echo
-- The audit trail of it all: who did what, when, and what changed.
SELECT to_char(a.at, 'HH24:MI:SS') AS at, b.contact ->> 'name' AS booking,
	split_part(a.actor, '@', 1) AS who, a.action,
	string_agg(concat_ws(' → ', a.old_values ->> n.key, n.value), ', ' ORDER BY n.key DESC)
		AS changed
FROM booking.audit_log AS a JOIN booking.bookings AS b ON b.id = a.booking_id
CROSS JOIN LATERAL jsonb_each_text(a.new_values) AS n
WHERE a.tenant_id = booking.current_tenant() AND b.channel = 'staff_console'
	AND n.key IN ('status', 'reason_code', 'local_start') AND n.value IS NOT NULL
GROUP BY a.at, 2, 3, 4, a.version
ORDER BY a.at, a.version;
\echo
-- Nobody rewrites history.
\set ON_ERROR_STOP off
DELETE FROM booking.audit_log;
\set ON_ERROR_STOP on
