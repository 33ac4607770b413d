\set SHOW_CONTEXT never
SET TimeZone = 'America/Detroit';
\echo
\echo '======================================================================'
\echo ' 7. The waiting list'
\echo '======================================================================'
\echo
\set ECHO all
-- There is one infrared sauna, and everybody wants it on Friday at four.
SELECT booking.set_context(tenant => booking.tenant_id('harbor'),
	actor => 'dana@harbor.example', actor_kind => 'staff', channel => 'staff_console',
	session => true) \gset
INSERT INTO booking.resources (kind, code, name, branch_id)
VALUES ('sauna', 'sauna', 'Infrared sauna', booking.branch_id('detroit'));
INSERT INTO booking.services (code, name, duration) VALUES ('sauna-hour', 'An hour of sauna', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind, quantity)
VALUES (booking.service_id('sauna-hour'), 'sauna', 1);
SELECT (date_trunc('week', now()) + interval '11 days')::date AS friday \gset
SELECT booking_id FROM booking.book(booking.service_id('sauna-hour'),
	local_start => :'friday'::date + time '16:00', customer => '{"name": "Vera"}',
	branch => booking.branch_id('detroit')) \gset vera_
\echo
-- Will wants just that hour.  Xena takes any between half past three and five.
SELECT booking_id, position FROM booking.join_waitlist(booking.service_id('sauna-hour'),
	local_start => :'friday'::date + time '16:00', branch => booking.branch_id('detroit'),
	metadata => '{"name": "Will"}') \gset will_
SELECT booking_id, position FROM booking.join_waitlist(booking.service_id('sauna-hour'),
	wanted => tstzrange(:'friday'::date + time '15:30', :'friday'::date + time '17:00'),
	branch => booking.branch_id('detroit'), metadata => '{"name": "Xena"}') \gset xena_
SELECT b.metadata ->> 'name' AS who, w.position, w.wanted IS NOT NULL AS any_time
FROM booking.waitlist AS w JOIN booking.bookings AS b ON b.id = w.booking_id
WHERE w.service = 'An hour of sauna' ORDER BY w.position;
\echo
-- Vera can't come.  Before her cancellation is even committed, Will has it.
BEGIN;
SELECT status FROM booking.cancel(:'vera_booking_id', 'customer_request');
SELECT metadata ->> 'name' AS who, status, local_start FROM booking.bookings WHERE id = :'will_booking_id';
COMMIT;
\echo
-- Somebody who is quick finds it taken.
\set ON_ERROR_STOP off
SELECT booking.hold(booking.service_id('sauna-hour'), local_start => :'friday'::date + time '16:00',
	branch => booking.branch_id('detroit'));
\set ON_ERROR_STOP on
\echo
-- Will has a quarter of an hour to check out.  He does not, so it is Xena's: the
-- worker sees to it when his hold is over.  Not to wait that long, he has it for
-- a second only.
UPDATE booking.bookings SET expires_at = clock_timestamp() + interval '1 second'
WHERE id = :'will_booking_id';
SELECT pg_sleep(2) \gset
SELECT metadata ->> 'name' AS who, status, reason_code, local_start::time AS at FROM booking.bookings
WHERE id IN (:'will_booking_id', :'xena_booking_id') ORDER BY id;
SELECT topic, event, status FROM booking.outbox
WHERE booking_id = :'xena_booking_id' AND topic = 'waitlist_promotion';
