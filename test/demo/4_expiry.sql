\set SHOW_CONTEXT never
\o /dev/null
SELECT pg_sleep(1);
\o
SET TimeZone = 'America/Detroit';
\echo
\echo '======================================================================'
\echo ' 4. A hold that nobody uses'
\echo '======================================================================'
\echo
\set ECHO all
-- Somebody begins to book on the web.  We listen to what happens in the branch.
SELECT booking.set_context(tenant => booking.tenant_id('harbor'),
	actor => 'visitor-4711', actor_kind => 'customer', channel => 'web',
	session => true) \gset
LISTEN "booking.harbor.detroit";

SELECT (date_trunc('week', now()) + interval '8 days')::date AS tuesday \gset
SELECT * FROM booking.hold(booking.service_id('60-minute-swedish'),
	local_start => :'tuesday'::date + time '15:00', ttl => '2 seconds') \gset visitor_

SELECT status, date_trunc('milliseconds', expires_at - clock_timestamp()) AS "left"
FROM booking.bookings WHERE id = :'visitor_booking_id';
\echo
-- The visitor closes the browser.  Nobody does anything for two and a half
-- seconds.
SELECT pg_sleep(2.5) \gset
\echo
-- The background worker was there at the moment the hold was over:
SELECT status, reason_code, actor_kind AS by_whom
FROM booking.bookings WHERE id = :'visitor_booking_id';

SELECT to_char((old_values ->> 'expires_at')::timestamptz, 'HH24:MI:SS.MS') AS due,
	to_char(at, 'HH24:MI:SS.MS') AS ended,
	round(1000 * extract(epoch FROM at - (old_values ->> 'expires_at')::timestamptz)) || ' ms' AS late
FROM booking.audit_log WHERE booking_id = :'visitor_booking_id' AND action = 'expire';
\echo
-- It goes again when there is nothing to do.  This is what it waits for:
SELECT database, to_char(next_due, 'HH24:MI:SS') AS next_due, failures
FROM booking.worker_status() WHERE database = current_database();
