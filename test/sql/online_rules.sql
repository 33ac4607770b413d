-- What customers may do by themselves to a booking that stands (C5): cancel and
-- move it where that is allowed, and until the notice before its start so far.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (code, name) VALUES ('room', 'Room');
INSERT INTO booking.services (name, duration, settings) VALUES
	('Massage', '1 hour', '{"cancel_notice": "24 hours", "reschedule_notice": "12 hours"}');
SELECT booking.service_id('massage') AS massage \gset
INSERT INTO booking.customers (id, name, actor) VALUES ('00000000-0000-0000-0000-0000000000c1', 'Ann', 'ann');

-- As ann, unless staff says otherwise; tells the outcome of a command.
CREATE FUNCTION try(command text, who text DEFAULT 'customer') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
	detail text;
BEGIN
	PERFORM booking.set_context(actor => 'ann', actor_kind => who);
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION booked(starts timestamptz) RETURNS uuid LANGUAGE sql AS $$
	SELECT booking_id FROM booking.book(booking.service_id('massage'), starts,
		'{"id": "00000000-0000-0000-0000-0000000000c1"}') $$;
SET TimeZone = 'UTC';
SELECT booked('2027-03-03 10:00Z') AS a, booked('2027-03-03 12:00Z') AS b, booked('2027-03-03 14:00Z') AS c \gset

-- At the notice's very instant it can still be done, a microsecond later not.
SET booking.now = '2027-03-02 10:00:00.000001Z';
SELECT try(format('SELECT booking.cancel(%L, %L)', :'a', 'customer_request'));
SELECT try(format('UPDATE booking.bookings SET status = %L, reason_code = %L WHERE id = %L',
	'cancelled', 'customer_request', :'a'));
SET booking.now = '2027-03-02 10:00Z';
SELECT try(format('SELECT booking.cancel(%L, %L)', :'a', 'customer_request'));

-- The notice counts from the start the booking has, not from the one it is to get.
SET booking.now = '2027-03-03 00:00:00.000001Z';
SELECT try(format('SELECT booking.reschedule(%L, %L)', :'b', '2027-03-20 10:00Z'));
SET booking.now = '2027-03-03 00:00Z';
SELECT try(format('SELECT booking.reschedule(%L, %L)', :'b', '2027-03-20 10:00Z'));

-- By plain SQL just so.
SELECT booked('2027-03-03 16:00Z') AS u \gset
SET booking.now = '2027-03-03 04:00:00.000001Z';
SELECT try(format('UPDATE booking.bookings SET starts_at = %L, ends_at = %L WHERE id = %L', '2027-03-21 10:00Z', '2027-03-21 11:00Z', :'u'));
SET booking.now = '2027-03-03 04:00Z';
SELECT try(format('UPDATE booking.bookings SET starts_at = %L, ends_at = %L WHERE id = %L', '2027-03-21 10:00Z', '2027-03-21 11:00Z', :'u'));
SET booking.now = '2027-03-20 10:00:00.000001Z';
SELECT try(format('UPDATE booking.bookings SET status = %L, reason_code = %L WHERE id = %L', 'cancelled', 'customer_request', :'u'));
SET booking.now = '2027-03-20 10:00Z';
SELECT try(format('UPDATE booking.bookings SET status = %L, reason_code = %L WHERE id = %L', 'cancelled', 'customer_request', :'u'));
-- what is cancelled can't be cancelled again, for another reason either, and what is not there is not found (C9)
SELECT try(format('SELECT booking.cancel(%L, %L)', :'u', 'customer_request'));
SELECT try(format('UPDATE booking.bookings SET status = %L, reason_code = %L WHERE id = %L', 'cancelled', 'weather', :'u'));
SELECT try(format('SELECT booking.cancel(%L, %L)', booking.new_id(), 'customer_request')) ~ '^ZB002';
SET booking.now = '2027-03-03 00:00Z';

-- Neither binds staff.
SELECT try(format('SELECT booking.cancel(%L, %L)', :'c', 'customer_request'));
SELECT try(format('SELECT booking.cancel(%L, %L)', :'c', 'customer_request'), 'staff');

-- Where it is switched off, holds can be dropped all the same.
SELECT booking.set_setting('tenant', NULL, 'online_cancel', 'false');
SELECT booking.set_setting('tenant', NULL, 'online_reschedule', 'false');
SELECT try(format('SELECT booking.cancel(%L, %L)', :'b', 'customer_request'));
SELECT try(format('UPDATE booking.bookings SET starts_at = starts_at + %L, ends_at = ends_at + %L WHERE id = %L',
	'1 day', '1 day', :'b'));
SELECT try('SELECT booking.release_hold((booking.hold(booking.service_id(''massage''), ''2027-03-05 10:00Z'')).booking_id)');
SELECT try(format('UPDATE booking.bookings SET title = %L WHERE id = %L', 'mine', :'b'));
SELECT status, starts_at, title FROM booking.bookings WHERE status <> 'held' ORDER BY created_at, id;

-- Each resource of the booking has a say, also about a no-show.
SELECT booking.set_setting('tenant', NULL, 'online_cancel', NULL);
SELECT booking.set_setting('resource', 'room', 'online_cancel', 'false');
SELECT booking.set_setting('resource', 'room', 'no_show_grace', '"1 hour"');
SELECT try(format('SELECT booking.cancel(%L, %L)', :'b', 'customer_request'));
SET booking.now = '2027-03-20 10:59:59Z';
SELECT try(format('SELECT booking.no_show(%L)', :'b'), 'staff');
SET booking.now = '2027-03-20 11:00Z';
SELECT try(format('SELECT booking.no_show(%L)', :'b'), 'staff');

---- how often, and from which start notice counts (C3) ----

RESET booking.now;
SET booking.now = '2027-04-01 09:00Z';
SELECT booking.set_setting('resource', 'room', 'online_cancel', NULL) \gset _
SELECT booking.set_setting('tenant', NULL, 'online_reschedule', NULL) \gset _
SELECT booked('2027-04-05 10:00Z') AS m, booked('2027-04-05 12:00Z') AS n, booked('2027-04-05 14:00Z') AS o \gset
CREATE FUNCTION move(booking uuid, starts timestamptz, who text DEFAULT 'customer') RETURNS text LANGUAGE sql
	RETURN try(format('SELECT booking.reschedule(%L, %L)', booking, starts), who);
CREATE FUNCTION move_sql(booking uuid, starts timestamptz, who text DEFAULT 'customer') RETURNS text LANGUAGE sql
	RETURN try(format('UPDATE booking.bookings SET starts_at = %L, ends_at = %L WHERE id = %L', starts, starts + interval '1 hour', booking), who);
SELECT booking.set_setting('tenant', NULL, 'max_reschedules', '2') \gset _
-- what staff does, and to where it is, does not count
SELECT move(:'m', '2027-04-05 11:00Z', 'staff'), move(:'m', '2027-04-06 10:00Z'), move(:'m', '2027-04-06 10:00Z'), move_sql(:'m', '2027-04-07 10:00Z');
SELECT move(:'m', '2027-04-08 10:00Z');
SELECT move_sql(:'m', '2027-04-08 10:00Z');
SELECT try(format('UPDATE booking.bookings SET ends_at = ends_at - interval %L WHERE id = %L', '1 minute', :'m'));
SELECT move(:'m', '2027-04-08 10:00Z', 'staff'), move(:'m', '2027-04-09 10:00Z', 'calendar');
SELECT move(:'m', '2027-04-10 10:00Z');
-- none at all; the resource has a say
SELECT booking.set_setting('resource', 'room', 'max_reschedules', '0') \gset _
SELECT move(:'n', '2027-04-06 12:00Z');
SELECT booking.set_setting('resource', 'room', 'max_reschedules', NULL) \gset _
SELECT booking.set_setting('tenant', NULL, 'max_reschedules', NULL) \gset _
-- a hold may be moved as often as one likes, and its starts are none
SELECT booking.set_setting('tenant', NULL, 'max_reschedules', '1') \gset _
SELECT booking.set_setting('tenant', NULL, 'notice_from', '"earliest"') \gset _
SELECT booking.set_setting('tenant', NULL, 'max_hold_ttl', '"30 days"') \gset _
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT booking_id AS h FROM booking.hold(:'massage', '2027-04-02 11:00Z', ttl => '1 day') \gset
SELECT move(:'h', '2027-04-02 12:00Z'), move(:'h', '2027-04-20 10:00Z');
SELECT status FROM booking.checkout(ARRAY[:'h']::uuid[], '{"id": "00000000-0000-0000-0000-0000000000c1"}');
SELECT booking.set_context(session => true) \gset _
SET booking.now = '2027-04-03 09:00Z';
SELECT move(:'h', '2027-04-21 10:00Z'), move(:'h', '2027-04-22 10:00Z');
-- the notice of 24 hours can't be escaped by moving to a later day first
SELECT booking.set_setting('tenant', NULL, 'max_reschedules', NULL) \gset _
SET booking.now = '2027-04-04 12:00Z';
SELECT move(:'n', '2027-04-12 12:00Z');
SET booking.now = '2027-04-04 12:00:00.000001Z';
SELECT try(format('SELECT booking.cancel(%L, %L)', :'n', 'customer_request'));
SELECT try(format('UPDATE booking.bookings SET status = %L, reason_code = %L WHERE id = %L', 'cancelled', 'customer_request', :'n'));
SET booking.now = '2027-04-05 00:00:00.000001Z';
SELECT move(:'n', '2027-04-14 12:00Z');
SELECT move(:'n', '2027-04-14 12:00Z', 'staff');
SET booking.now = '2027-04-04 12:00Z';
SELECT try(format('SELECT booking.cancel(%L, %L)', :'n', 'customer_request'));
-- moved to an earlier time and back, that is the earliest
SET booking.now = '2027-04-03 11:00Z';
SELECT move(:'o', '2027-04-04 11:00Z', 'staff'), move(:'o', '2027-04-20 16:00Z', 'staff');
SET booking.now = '2027-04-03 11:00:00.000001Z';
SELECT try(format('SELECT booking.cancel(%L, %L)', :'o', 'customer_request'));
SELECT booking.set_setting('tenant', NULL, 'notice_from', NULL) \gset _
SELECT try(format('SELECT booking.cancel(%L, %L)', :'o', 'customer_request'));

-- Leaving out who one is is no way around.
SELECT booked('2027-04-25 10:00Z') AS q \gset
SELECT booking.set_context(actor_kind => 'customer', session => true) \gset _
SELECT booking.cancel(:'q', 'customer_request');
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'customer_request' WHERE id = :'q';
\echo :SQLSTATE
SELECT booking.reschedule(:'q', '2027-04-26 10:00Z');
\echo :SQLSTATE
SELECT booking.request_cancellation(:'q');
\echo :SQLSTATE
