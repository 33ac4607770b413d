\set SHOW_CONTEXT never
SET TimeZone = 'America/Detroit';
\echo
\echo '======================================================================'
\echo ' 6. The wrong day'
\echo '======================================================================'
\echo
\set ECHO all
-- Back in Detroit.  Friday of next week is full; a storm is forecast.
SELECT booking.set_context(tenant => booking.tenant_id('harbor'),
	actor => 'dana@harbor.example', actor_kind => 'staff', channel => 'staff_console',
	session => true) \gset
SELECT (date_trunc('week', now()) + interval '11 days')::date AS friday \gset
SELECT count(*) AS booked FROM generate_series(9, 16) AS hour, booking.book(
	booking.service_id('60-minute-swedish'), customer => '{"name": "Guest"}',
	local_start => :'friday'::timestamp + hour * interval '1 hour');
\echo
-- Dana cancels the day, all of it at once.
CREATE TEMPORARY TABLE cancelled AS
SELECT * FROM booking.bulk_cancel(ARRAY(SELECT id FROM booking.current_bookings
	WHERE tenant_id = booking.current_tenant() AND local_start::date = :'friday'), 'weather');
SELECT ok, code, status, count(*) FROM cancelled GROUP BY 1, 2, 3;
SELECT o.status, count(*) FROM booking.outbox AS o JOIN cancelled AS c USING (booking_id)
WHERE o.event = 'cancel' GROUP BY 1;
\echo
-- But the storm comes on Saturday.  One token takes it all back, and nobody is
-- told of a cancellation that was none.
SELECT batch_token AS token FROM cancelled LIMIT 1 \gset
SELECT status, count(*) FROM booking.reverse(:'token') GROUP BY 1;
SELECT o.status, count(*) FROM booking.outbox AS o JOIN cancelled AS c USING (booking_id)
WHERE o.event = 'cancel' GROUP BY 1;
\echo
-- A token is good for once.
\set ON_ERROR_STOP off
SELECT * FROM booking.reverse(:'token');
\set ON_ERROR_STOP on
