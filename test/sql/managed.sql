-- Bookings that an external calendar manages (C4): moved, amended and cancelled
-- there; everybody else may ask.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (code, name) VALUES ('room', 'Room'), ('room-2', 'Room 2');
INSERT INTO booking.services (name, duration) VALUES ('Massage', '1 hour');
INSERT INTO booking.customers (id, name, actor) VALUES ('00000000-0000-0000-0000-0000000000c1', 'Ann', 'ann');
CREATE FUNCTION try(command text, who text DEFAULT 'ann', kind text DEFAULT 'customer') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM booking.set_context(actor => who, actor_kind => kind);
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(hint, ''));
END $$;
CREATE FUNCTION booked(starts timestamptz) RETURNS uuid LANGUAGE sql AS $$
	SELECT booking_id FROM booking.book(booking.service_id('massage'), starts,
		'{"id": "00000000-0000-0000-0000-0000000000c1"}', resources => ARRAY[booking.resource_id('room')]) $$;
CREATE FUNCTION code(outcome text) RETURNS text LANGUAGE sql RETURN split_part(outcome, ' ', 1);

SELECT booked('2027-03-02 10:00Z') AS a, booked('2027-03-02 12:00Z') AS b \gset
INSERT INTO booking.external_refs (booking_id, provider, external_id, managed, data) VALUES
	(:'a', 'google', 'evt-1', true, '{"etag": "x"}'), (:'a', 'outlook', 'evt-9', false, NULL), (:'b', 'google', 'evt-2', false, NULL)
	RETURNING tenant_id = booking.tenant_id('default') AS tenant, provider, external_id, managed, data;

---- every way to change it, by every kind of actor ----

CREATE TABLE ways (n serial, what text, command text);
INSERT INTO ways (what, command) VALUES
	('cancel', 'SELECT booking.cancel(%1$L, ''customer_request'')'),
	('cancel by SQL', 'UPDATE booking.bookings SET status = ''cancelled'', reason_code = ''weather'' WHERE id = %1$L'),
	('reschedule', 'SELECT booking.reschedule(%1$L, ''2027-03-02 14:00Z'')'),
	('move by SQL', 'UPDATE booking.bookings SET during = tstzrange(''2027-03-02 15:00Z'', ''2027-03-02 16:00Z'') WHERE id = %1$L'),
	('move by local time', 'UPDATE booking.bookings SET local_start = ''2027-03-02 17:00'' WHERE id = %1$L'),
	('reassign', 'SELECT booking.reassign(%1$L, ARRAY[booking.resource_id(''room-2'')])'),
	('amend', 'SELECT booking.amend(%1$L, ''{"title": "x"}'')'),
	('amend by SQL', 'UPDATE booking.bookings SET party_size = party_size + 1 WHERE id = %1$L'),
	('price', 'UPDATE booking.bookings SET price = price + 1 WHERE id = %1$L'),
	('note', 'SELECT booking.add_note(%1$L, ''hello'', ''customer'')');
CREATE FUNCTION outcomes(booking uuid) RETURNS TABLE (what text, customer text, staff text, system text, calendar text) LANGUAGE plpgsql AS $$
DECLARE
	way ways;
	kind text;
BEGIN
	FOR way IN SELECT * FROM ways ORDER BY n LOOP
		what := way.what;
		FOREACH kind IN ARRAY '{customer,staff,system,calendar}'::text[] LOOP
			DECLARE
				outcome text;
			BEGIN
				outcome := code(try(format(way.command, booking), CASE kind WHEN 'customer' THEN 'ann' ELSE 'sue' END, kind));
				IF kind = 'customer' THEN customer := outcome; ELSIF kind = 'staff' THEN staff := outcome;
				ELSIF kind = 'system' THEN system := outcome; ELSE calendar := outcome; END IF;
				RAISE EXCEPTION USING ERRCODE = 'ZZ000';
			EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL;
			END;
		END LOOP;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM outcomes(:'a');
SELECT * FROM outcomes(:'b');
SELECT try(format('SELECT booking.cancel(%L, ''weather'')', :'a'), 'sue', 'staff');

---- the day goes on, and a request can be made and decided ----

SELECT try(format('SELECT booking.request_cancellation(%L, ''weather'')', :'a'));
SELECT try(format('SELECT booking.restore(%L)', :'a'), 'sue', 'staff');
SELECT try(format('UPDATE booking.bookings SET status = ''pending_cancellation'' WHERE id = %L', :'a'));
SELECT try(format('UPDATE booking.bookings SET status = ''confirmed'' WHERE id = %L', :'a'), 'google', 'calendar');
SELECT try(format('SELECT booking.check_in(%L)', :'a'), 'sue', 'staff'), try(format('SELECT booking.start_serving(%L)', :'a'), 'sue', 'staff');
-- lengthening it is the calendar's; so is cancelling it now
SELECT try(format('UPDATE booking.bookings SET ends_at = ends_at + ''5 minutes'' WHERE id = %L', :'a'), 'sue', 'staff');
SELECT code(try(format('SELECT booking.cancel(%L, ''weather'')', :'a'), 'sue', 'staff'));
SELECT try(format('SELECT booking.complete(%L)', :'a'), 'sue', 'staff');
SELECT try(format('SELECT booking.cancel(%L, ''weather'')', :'a'), 'sue', 'staff');
SELECT version, action, actor_kind FROM booking.audit_log WHERE booking_id = :'a' ORDER BY version;
-- staff agrees to a request; a no-show; what lapses
SELECT booked('2027-03-02 14:00Z') AS c, booked('2027-03-02 15:00Z') AS d, booked('2027-03-02 16:00Z') AS e \gset
INSERT INTO booking.external_refs (booking_id, provider, external_id, managed) VALUES
	(:'c', 'google', 'evt-3', true), (:'d', 'google', 'evt-4', true), (:'e', 'google', 'evt-5', true);
SELECT try(format('SELECT booking.request_cancellation(%L, ''weather'')', :'c')), try(format('SELECT booking.cancel(%L, ''weather'')', :'c'), 'sue', 'staff');
SELECT try(format('SELECT booking.request_cancellation(%L)', :'d'));
SET booking.now = '2027-03-02 16:15Z';
SELECT booking.expire_holds(), try(format('SELECT booking.no_show(%L)', :'e'), 'sue', 'staff');
SELECT r.external_id, b.status, b.reason_code FROM booking.bookings AS b JOIN booking.external_refs AS r ON r.booking_id = b.id AND r.managed ORDER BY 1;
SET booking.now = '2027-03-01 09:00Z';
-- a hold is nobody else's; a booking that is given back is ours again
INSERT INTO booking.bookings (service_id, starts_at) VALUES (booking.service_id('massage'), '2027-03-03 10:00Z') RETURNING id AS h \gset
INSERT INTO booking.external_refs (booking_id, provider, external_id, managed) VALUES (:'h', 'google', 'evt-6', true);
SELECT try(format('SELECT booking.reschedule(%L, ''2027-03-03 11:00Z'')', :'h'), 'sue', 'staff');
UPDATE booking.external_refs SET managed = true WHERE external_id = 'evt-2';
SELECT code(try(format('SELECT booking.cancel(%L, ''weather'')', :'b')));
DELETE FROM booking.external_refs WHERE external_id = 'evt-2';
SELECT try(format('SELECT booking.cancel(%L, ''weather'')', :'b'));

---- rows that are none ----

CREATE FUNCTION ref(booking uuid, provider text, external_id text, data jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO booking.external_refs (booking_id, provider, external_id, data) VALUES (booking, provider, external_id, data);
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT ref(:'c', 'Google', 'x'), ref(:'c', '', 'x'), ref(:'c', repeat('x', 64), 'x');
SELECT ref(:'c', 'other', ''), ref(:'c', 'other', E'a\nb'), ref(:'c', 'other', repeat('x', 1025));
SELECT ref(:'c', 'other', 'x', '[]'), ref(:'c', 'other', 'x', '"x"'), ref(:'c', 'other', 'x', jsonb_build_object('a', repeat('x', 70000)));
SELECT ref(NULL, 'other', 'x'), ref(:'c', NULL, 'x'), ref(:'c', 'other', NULL);
SELECT ref('00000000-0000-0000-0000-000000000000', 'other', 'x');
-- one event is one booking, and a booking is one event of a provider
SELECT ref(:'c', 'outlook', 'evt-9'), ref(:'c', 'google', 'evt-77'), ref(:'c', 'outlook', 'evt-10');

---- whose rows they are ----

CREATE ROLE regress_managed_client;
CREATE ROLE regress_managed_staff;
SELECT booking.grant_access('regress_managed_client', 'client', 'ann'), booking.grant_access('regress_managed_staff', 'staff');
SET ROLE regress_managed_client;
SELECT count(*) FROM booking.external_refs;
RESET ROLE;
SET ROLE regress_managed_staff;
SELECT count(*) FROM booking.external_refs;
UPDATE booking.external_refs SET managed = true WHERE external_id = 'evt-10' RETURNING provider;
RESET ROLE;
SELECT booking.revoke_access('regress_managed_client'), booking.revoke_access('regress_managed_staff');
DROP ROLE regress_managed_client, regress_managed_staff;

---- an undo is a change too ----

SELECT booked('2027-03-04 10:00Z') AS c \gset
CREATE FUNCTION redeem(token text, kind text) RETURNS text LANGUAGE sql RETURN try(format('SELECT booking.reverse(%L)', token), 'sue', kind);
SELECT booking.set_context(actor => 'cal', actor_kind => 'calendar') \gset _
SELECT undo_token AS moved FROM booking.reschedule(:'c', '2027-03-04 12:00Z') \gset
INSERT INTO booking.external_refs (booking_id, provider, external_id, managed) VALUES (:'c', 'google', 'evt-managed', true);
SELECT redeem(:'moved', 'staff') AS staff, redeem(:'moved', 'system') AS system;
BEGIN;
SELECT redeem(:'moved', 'calendar') AS calendar;
ROLLBACK;
-- what the calendar cancelled stays cancelled
SELECT booking.set_context(actor => 'cal', actor_kind => 'calendar', session => true) \gset _
BEGIN;
SELECT undo_token AS cancelled FROM booking.cancel(:'c', 'weather') \gset
SELECT redeem(:'cancelled', 'staff') AS staff, redeem(:'cancelled', 'calendar') AS calendar;
SELECT status FROM booking.bookings WHERE id = :'c';
ROLLBACK;
-- what staff may decide, staff may take back
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT undo_token AS asked FROM booking.request_cancellation(:'c') \gset
SELECT redeem(:'asked', 'staff') AS asked;
SELECT status FROM booking.request_cancellation(:'c');
SELECT undo_token AS decided FROM booking.cancel(:'c', 'weather') \gset
SELECT redeem(:'decided', 'staff') AS decided;
SELECT status FROM booking.bookings WHERE id = :'c';
