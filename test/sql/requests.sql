-- Asking for a cancellation, deciding it, and checking in by oneself (C1), by
-- function and by plain UPDATE.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (code, name) VALUES ('room', 'Room'), ('room-2', 'Room 2');
INSERT INTO booking.services (name, duration) VALUES ('Massage', '1 hour');
INSERT INTO booking.customers (id, name, actor) VALUES ('00000000-0000-0000-0000-0000000000c1', 'Ann', 'ann');

-- As somebody; tells the outcome of a command.
CREATE FUNCTION try(command text, who text DEFAULT 'ann', kind text DEFAULT 'customer') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
	detail text;
BEGIN
	PERFORM booking.set_context(actor => who, actor_kind => kind);
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION booked(starts timestamptz) RETURNS uuid LANGUAGE sql AS $$
	SELECT booking_id FROM booking.book(booking.service_id('massage'), starts,
		'{"id": "00000000-0000-0000-0000-0000000000c1"}') $$;
CREATE FUNCTION set_status(booking uuid, status text, reason text DEFAULT NULL) RETURNS text LANGUAGE sql RETURN
	format('UPDATE booking.bookings SET status = %L%s WHERE id = %L', status,
		', reason_code = ' || quote_literal(reason), booking);
CREATE VIEW now_is AS
	SELECT b.id, b.status, b.previous_status AS previous, b.reason_code AS reason, b.expires_at, s.status AS session,
		(SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS occupies
	  FROM booking.bookings AS b LEFT JOIN booking.service_sessions AS s ON s.booking_id = b.id;
CREATE VIEW history AS
	SELECT booking_id, version, action, status, actor_kind, reason_code, reversible FROM booking.audit_log;

---- asking; the slot stays ----

SELECT booked('2027-03-03 10:00Z') AS a, booked('2027-03-03 12:00Z') AS b, booked('2027-03-03 14:00Z') AS c \gset
SELECT try(format('SELECT booking.request_cancellation(%L, %L)', :'a', 'weather'));
SELECT try(set_status(:'b', 'pending_cancellation'));
SELECT status, previous, reason, expires_at, session, occupies FROM now_is WHERE id IN (:'a', :'b') ORDER BY expires_at;
SELECT topic, event, booking_version FROM booking.outbox WHERE booking_id = :'a' AND booking_version > 1;
-- twice, with a reason that is none, by a stranger
SELECT try(format('SELECT booking.request_cancellation(%L)', :'a'));
SELECT try(format('SELECT booking.request_cancellation(%L, %L)', :'c', 'whim'));
SELECT try(set_status(:'c', 'pending_cancellation', 'whim'));
SELECT try(set_status(:'c', 'pending_cancellation', 'hold_expired'));
SELECT try(format('SELECT booking.request_cancellation(%L)', :'c'), 'eve');
-- a stale version, nulls, nobody's booking
SELECT try(format('SELECT booking.request_cancellation(%L, expected_version => 7)', :'c'));
SELECT try('SELECT booking.request_cancellation(NULL)');
SELECT try('SELECT booking.request_cancellation(''00000000-0000-0000-0000-000000000000'')');
SELECT try('SELECT booking.restore(NULL)', 'sue', 'staff');

---- deciding is staff's, and the calendar's ----

SELECT try(format('SELECT booking.restore(%L)', :'a'));
SELECT try(set_status(:'a', 'confirmed'));
SELECT try(format('SELECT booking.cancel(%L, %L)', :'a', 'customer_request'));
SELECT try(set_status(:'a', 'pending'), 'sue', 'staff');
SELECT status, previous, reason, expires_at, session, occupies FROM now_is WHERE id = :'a';
SELECT try(format('SELECT booking.restore(%L)', :'a'), 'sue', 'staff');
SELECT try(set_status(:'b', 'confirmed'), 'google', 'calendar');
SELECT status, previous, reason, expires_at, session, occupies FROM now_is WHERE id IN (:'a', :'b') ORDER BY id;
SELECT version, action, status, actor_kind, reason_code, reversible FROM history WHERE booking_id IN (:'a', :'b') AND version > 1
 ORDER BY booking_id, version;
-- nothing to restore
SELECT try(format('SELECT booking.restore(%L)', :'a'), 'sue', 'staff');
-- the customer's reason is kept when staff agrees
SELECT try(format('SELECT booking.request_cancellation(%L, %L)', :'a', 'weather'));
SELECT try(set_status(:'a', 'cancelled'), 'sue', 'staff');
SELECT status, previous, reason, session, occupies FROM now_is WHERE id = :'a';
-- a request that waits for approval goes back to waiting
SELECT booking.set_setting('tenant', NULL, 'approval', 'true') \gset _
SELECT booking.set_setting('tenant', NULL, 'pending_ttl', '"2 hours"') \gset _
SELECT booked('2027-03-03 16:00Z') AS d \gset
SELECT try(format('SELECT booking.request_cancellation(%L)', :'d'));
SELECT status, previous, expires_at FROM now_is WHERE id = :'d';
SELECT try(set_status(:'d', 'confirmed'), 'sue', 'staff');
SELECT try(format('SELECT booking.restore(%L)', :'d'), 'sue', 'staff');
SELECT status, previous, expires_at, session FROM now_is WHERE id = :'d';
SELECT booking.set_setting('tenant', NULL, 'approval', NULL) \gset _
SELECT booking.set_setting('tenant', NULL, 'pending_ttl', NULL) \gset _

---- a request that nobody decides ends at the start; at that instant it is over ----

SELECT try(format('SELECT booking.request_cancellation(%L)', :'c'));
SET booking.now = '2027-03-03 14:00Z';
SELECT try(format('SELECT booking.restore(%L)', :'c'), 'sue', 'staff');
SELECT try(format('SELECT booking.request_cancellation(%L)', :'b'));
SELECT booking.expire_holds();
SELECT status, reason, session, occupies FROM now_is WHERE id = :'c';

---- checking in by oneself ----

SET booking.now = '2027-03-01 09:00Z';
SELECT booked('2027-03-04 10:00Z') AS e, booked('2027-03-04 10:00Z') AS f, booked('2027-03-04 12:00Z') AS g \gset
SELECT try(format('SELECT booking.check_in(%L)', :'e'));
SELECT try(set_status(:'e', 'checked_in'));
SELECT booking.set_setting('tenant', NULL, 'check_in_window', '"30 minutes"') \gset _
SET booking.now = '2027-03-04 09:29:59.999999Z';
SELECT try(format('SELECT booking.check_in(%L)', :'e'));
SELECT try(set_status(:'e', 'checked_in'));
SET booking.now = '2027-03-04 09:30Z';
SELECT try(format('SELECT booking.check_in(%L)', :'e'), 'eve');
SELECT try(format('SELECT booking.check_in(%L)', :'e'));
SET booking.now = '2027-03-04 10:15:00.000001Z';
SELECT try(set_status(:'f', 'checked_in'));
SET booking.now = '2027-03-04 10:15Z';
SELECT try(set_status(:'f', 'checked_in'));
SELECT s.status, s.checked_in_at FROM booking.service_sessions AS s WHERE s.booking_id IN (:'e', :'f') ORDER BY 2;
-- each resource has a say; staff needs no window
SELECT booking.set_setting('resource', 'room', 'check_in_window', 'null') \gset _
SET booking.now = '2027-03-04 12:00Z';
SELECT try(format('SELECT booking.check_in(%L)', :'g'));
SELECT try(format('SELECT booking.check_in(%L)', :'g'), 'sue', 'staff');
-- what is not confirmed isn't the customer's to check in
SELECT booking.set_setting('resource', 'room', 'check_in_window', NULL) \gset _
SELECT booking.set_setting('tenant', NULL, 'approval', 'true') \gset _
SELECT booked('2027-03-04 14:00Z') AS h \gset
SET booking.now = '2027-03-04 14:00Z';
SELECT try(format('SELECT booking.check_in(%L)', :'h'));
