-- available_actions() (C11): what can be done to a booking now, by whom, and why
-- not.  What it says is what the commands do.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, owner) SELECT 'room-' || n, 'Room ' || n, CASE n WHEN 1 THEN 'olga' END FROM generate_series(1, 30) AS n;
INSERT INTO booking.resources (kind, code, name) VALUES ('bath', 'bath', 'Bath'), ('tub', 'tub', 'Tub');
INSERT INTO booking.services (name, duration, price, deposit) VALUES ('Massage', '1 hour', 95, 0), ('Nap', '1 hour', 5, 0),
	('Bath', '1 hour', 20, 0), ('Tub', '1 hour', 20, 0), ('Spa', '1 hour', 100, 30);
INSERT INTO booking.service_requirements (service_id, kind) SELECT id, CASE WHEN code IN ('bath', 'tub') THEN code ELSE 'resource' END FROM booking.services;
INSERT INTO booking.customers (name, email, actor) VALUES ('Ann', 'ann@example.org', 'ann');
SELECT booking.set_setting('service', 'massage', 'cancel_notice', '"2 hours"'), booking.set_setting('service', 'massage', 'reschedule_notice', '"1 day"'),
	booking.set_setting('service', 'massage', 'pending_ttl', '"30 minutes"'), booking.set_setting('service', 'nap', 'online_cancel', 'false'),
	booking.set_setting('service', 'bath', 'no_show_mode', '"auto"'), booking.set_setting('service', 'tub', 'no_show_mode', '"auto"'),
	booking.set_setting('service', 'tub', 'waitlist_mode', '"confirm"'), booking.set_setting('service', 'spa', 'waitlist_mode', '"confirm"') \gset _

/* ---- bookings in every status ---- */

CREATE TABLE cases (name text PRIMARY KEY, id uuid NOT NULL);
-- At a time of day, in a status, by way of the statuses there are to it.
CREATE FUNCTION make(name text, at timestamptz, VARIADIC steps text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	booking uuid; step text;
BEGIN
	INSERT INTO booking.bookings (service_id, starts_at, status, customer_id, booked_by, metadata, overrides)
		VALUES (booking.service_id(coalesce(substring(name from 'nap|bath|tub|spa'), 'massage')), at, steps[1],
				(SELECT id FROM booking.customers), 'ann', jsonb_build_object('name', name), '{in_past}') RETURNING id INTO booking;
	FOREACH step IN ARRAY steps[2:] LOOP
		UPDATE booking.bookings SET status = step, reason_code = CASE WHEN step IN ('cancelled', 'no_show') THEN 'weather' END
		 WHERE id = booking;
	END LOOP;
	INSERT INTO cases VALUES (name, booking);
END $$;
SELECT make('retaken', '2027-03-03 10:00Z', 'held'),
	make('held, converted', '2027-03-03 10:00Z', 'held', 'confirmed'), make('released', '2027-03-03 10:00Z', 'held'),
	make('swept', '2027-03-03 10:00Z', 'held'), make('lapsed hold', '2027-03-03 10:00Z', 'held'),
	make('lapsed request', '2027-03-03 10:00Z', 'pending'), make('lapsed cancellation', '2027-03-01 09:10Z', 'confirmed', 'pending_cancellation'),
	make('pending_cancellation', '2027-03-03 10:00Z', 'confirmed', 'pending_cancellation'),
	make('begun', '2027-03-01 08:55Z', 'confirmed'), make('overdue', '2027-03-01 08:30Z', 'confirmed'),
	make('confirmed', '2027-03-03 10:00Z', 'confirmed'), make('soon', '2027-03-01 11:00Z', 'confirmed'),
	make('tomorrow', '2027-03-02 08:00Z', 'confirmed'), make('a nap', '2027-03-05 10:00Z', 'confirmed'),
	make('checked_in', '2027-03-01 09:00Z', 'confirmed', 'checked_in'),
	make('being_served', '2027-03-01 09:00Z', 'confirmed', 'checked_in', 'being_served'),
	make('completed', '2027-03-01 08:00Z', 'confirmed', 'completed'), make('no_show', '2027-03-01 08:00Z', 'confirmed', 'no_show'),
	make('cancelled', '2027-03-03 10:00Z', 'confirmed', 'cancelled') \gset _
-- who waits for what is free, taken, or over; or gets it for good, or for a deposit
SELECT make('waits: bath free', '2027-03-06 10:00Z', 'waitlisted'), make('bath', '2027-03-06 12:00Z', 'confirmed'),
	make('waits: bath taken', '2027-03-06 12:00Z', 'waitlisted'), make('another bath', '2027-03-07 12:00Z', 'confirmed'),
	make('waits: bath sometime', '2027-03-07 12:00Z', 'waitlisted'), make('third bath', '2027-03-08 12:00Z', 'confirmed'),
	make('waits: bath in vain', '2027-03-08 12:00Z', 'waitlisted'), make('waits: bath over', '2027-03-01 09:20Z', 'waitlisted'),
	make('waits: tub for good', '2027-03-06 10:00Z', 'waitlisted'), make('waits: spa', '2027-03-06 10:00Z', 'waitlisted') \gset _
UPDATE booking.bookings SET wanted = '[2027-03-07 12:00Z,2027-03-07 16:00Z)' WHERE id = (SELECT id FROM cases WHERE name = 'waits: bath sometime');
UPDATE booking.bookings SET wanted = '[2027-03-08 11:30Z,2027-03-08 13:30Z)' WHERE id = (SELECT id FROM cases WHERE name = 'waits: bath in vain');
-- who did not come, in time or at all; one lost the slot meanwhile
SELECT make('late: bath', '2027-03-01 09:05Z', 'confirmed'), make('gone: bath', '2027-03-01 07:30Z', 'confirmed'),
	make('late: tub taken', '2027-03-01 09:10Z', 'confirmed') \gset _
-- what waits for its deposit, or did
SELECT make('deposit: spa', '2027-03-04 10:00Z', 'confirmed'), make('deposit: spa partly', '2027-03-04 10:00Z', 'confirmed'),
	make('deposit: spa lapsed', '2027-03-04 10:00Z', 'confirmed'), make('deposit: spa swept', '2027-03-04 10:00Z', 'confirmed'),
	make('deposit: spa paid', '2027-03-04 10:00Z', 'confirmed') \gset _
SELECT c.name, p.status, p.outcome FROM cases AS c, booking.record_payment(c.id, CASE WHEN c.name ~ 'paid' THEN 30 ELSE 10 END, 'bank', c.name) AS p
 WHERE c.name IN ('deposit: spa partly', 'deposit: spa paid') ORDER BY c.name;
UPDATE booking.bookings SET expires_at = '2027-03-01 09:01Z' WHERE id = (SELECT id FROM cases WHERE name = 'deposit: spa swept');
UPDATE booking.bookings SET expires_at = '2027-03-01 09:10Z' WHERE id = (SELECT id FROM cases WHERE name = 'deposit: spa lapsed');
-- what is managed in another calendar
SELECT make('managed', '2027-03-03 10:00Z', 'confirmed'), make('managed, to be cancelled', '2027-03-03 10:00Z', 'confirmed', 'pending_cancellation'),
	make('managed, today', '2027-03-01 09:30Z', 'confirmed'), make('managed, completed', '2027-03-01 08:00Z', 'confirmed', 'completed') \gset _
INSERT INTO booking.external_refs (tenant_id, booking_id, provider, external_id, managed)
SELECT booking.tenant_id('default'), id, 'google', name, true FROM cases WHERE name ~ '^managed';
SELECT booking.release_hold(id) AS released FROM cases WHERE name = 'released';
UPDATE booking.bookings SET expires_at = '2027-03-01 09:01Z' WHERE id = (SELECT id FROM cases WHERE name = 'swept');
SET booking.now = '2027-03-01 09:02Z';
SELECT booking.expire_holds();
SET booking.now = '2027-03-01 09:31Z';
SELECT make('pending', '2027-03-03 10:00Z', 'pending'), make('live hold', '2027-03-03 10:00Z', 'held'), make('asked: pending', '2027-03-03 10:00Z', 'pending', 'pending_cancellation') \gset _
SELECT booking.mark_no_shows();
SELECT make('walk-in: tub', '2027-03-01 09:40Z', 'confirmed') \gset _
SELECT c.name, b.status, b.reason_code, b.order_id IS NOT NULL AS has_order FROM cases AS c JOIN booking.bookings AS b USING (id) WHERE c.name ~ ':|^managed' ORDER BY c.name COLLATE "C";

/* ---- who asks ---- */

CREATE ROLE regress_ann;
CREATE ROLE regress_eve;
CREATE ROLE regress_olga;
CREATE ROLE regress_staff;
SELECT booking.grant_access('regress_ann', 'client', 'ann'), booking.grant_access('regress_eve', 'client', 'eve'),
	booking.grant_access('regress_olga', 'client', 'olga'), booking.grant_access('regress_staff', 'staff', 'sue') \gset _
GRANT SELECT ON cases TO PUBLIC;

CREATE VIEW shown WITH (security_invoker = true) AS
SELECT c.name, string_agg(a.command || CASE WHEN a.needs_reason THEN '?' ELSE '' END, ' ') FILTER (WHERE a.allowed) AS allowed
  FROM cases AS c, booking.available_actions(c.id) AS a GROUP BY c.name ORDER BY c.name COLLATE "C";
GRANT SELECT ON shown TO PUBLIC;
CREATE FUNCTION codes(which text) RETURNS TABLE (command text, allowed boolean, code text, needs_reason boolean, reversible boolean) LANGUAGE sql AS
	$$ SELECT a.* FROM cases AS c, booking.available_actions(c.id) AS a WHERE c.name = which $$;

SET ROLE regress_staff;
SELECT * FROM shown;
SELECT * FROM codes('confirmed');
SELECT * FROM codes('lapsed hold');
SELECT * FROM codes('cancelled');
-- a guest who came late is restored, not confirmed; and too late is too late for any slot
SELECT c.name, a.ok, a.code, a.message FROM cases AS c, unnest('{confirm,restore,promote}'::text[]) AS command,
	booking.attempt(command, jsonb_build_object('booking', c.id)) AS a
 WHERE (c.name, command) IN (('late: bath', 'confirm'), ('late: tub taken', 'restore'), ('waits: bath over', 'promote')) ORDER BY 1;
SET ROLE regress_ann;
SELECT * FROM shown;
SELECT * FROM codes('tomorrow');
SELECT * FROM codes('soon') WHERE command IN ('cancel', 'reschedule');
SELECT * FROM codes('a nap') WHERE command IN ('cancel', 'reschedule');
-- at the boundary instant it is still allowed
RESET ROLE;
SET booking.now = '2027-03-01 09:00Z';
SET ROLE regress_ann;
SELECT * FROM codes('soon') WHERE command IN ('cancel', 'reschedule');
RESET ROLE;
SET booking.now = '2027-03-01 09:31Z';
-- who can't see the booking
SET ROLE regress_eve;
\set VERBOSITY sqlstate
SELECT * FROM codes('confirmed');
\set VERBOSITY default
RESET ROLE;
SELECT booking.set_context(actor => 'eve', actor_kind => 'customer', session => true) \gset _
SELECT * FROM codes('confirmed') WHERE allowed;
SELECT DISTINCT code FROM codes('confirmed');
RESET booking.actor;
RESET booking.actor_kind;
SELECT * FROM booking.available_actions(NULL);
\echo :SQLSTATE
SELECT * FROM booking.available_actions('00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE

-- Asking changes nothing, takes no lock and no transaction number.
BEGIN;
SELECT count(*) > 100 AS many FROM cases AS c, booking.available_actions(c.id);
SELECT pg_current_xact_id_if_assigned() IS NULL AS unassigned, (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks;
COMMIT;
BEGIN READ ONLY;
SELECT count(*) > 100 AS many FROM cases AS c, booking.available_actions(c.id);
COMMIT;

/* ---- what it says is what the commands do ---- */

-- Does a command for real, and takes it back.
CREATE FUNCTION really(command text, booking uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	b record; a record; args jsonb;
BEGIN
	SELECT * INTO b FROM booking.bookings AS x WHERE x.id = booking;
	args := CASE command
		WHEN 'checkout' THEN jsonb_build_object('holds', jsonb_build_array(booking), 'customer', jsonb_build_object('id', b.customer_id))
		WHEN 'reschedule' THEN jsonb_build_object('booking', booking, 'ends_at', b.ends_at + CASE WHEN b.status IN ('checked_in', 'being_served') THEN interval '15 minutes' ELSE interval '40 days' END,
			'starts_at', b.starts_at + CASE WHEN b.status IN ('checked_in', 'being_served') THEN interval '0' ELSE interval '40 days' END)
		WHEN 'reassign' THEN jsonb_build_object('booking', booking, 'resources', jsonb_build_array(booking.resource_id('room-30')))
		WHEN 'add_note' THEN jsonb_build_object('booking', booking, 'body', 'x')
		WHEN 'cancel' THEN jsonb_build_object('booking', booking, 'reason', 'weather')
		WHEN 'amend' THEN jsonb_build_object('booking', booking, 'changes', '{"title": "x"}'::jsonb)
		ELSE jsonb_build_object('booking', booking) END;
	SELECT * INTO a FROM booking.attempt(command, args);
	RAISE EXCEPTION USING ERRCODE = 'P9999', MESSAGE = CASE
		WHEN a.ok AND a.result = 'false' THEN 'nothing' WHEN a.ok THEN 'done' ELSE a.code END;
EXCEPTION WHEN SQLSTATE 'P9999' THEN
	RETURN SQLERRM;
END $$;
-- (There is but one bath, and one tub.)
CREATE VIEW differs WITH (security_invoker = true) AS
SELECT name, command, said, really FROM (
	SELECT c.name, a.command, coalesce(a.code, 'done') AS said, really(a.command, c.id) AS really
	  FROM cases AS c, booking.available_actions(c.id) AS a
	 WHERE EXISTS (SELECT FROM booking.bookings AS b WHERE b.id = c.id)) AS both_of
 WHERE (said = 'done') <> (really = 'done') AND NOT (command = 'reassign' AND really = 'NOT_ELIGIBLE') ORDER BY name, command;
GRANT SELECT ON differs TO PUBLIC;
SET ROLE regress_staff;
SELECT * FROM differs;
SET ROLE regress_ann;
SELECT * FROM differs;
SET ROLE regress_olga;
SELECT count(DISTINCT c.name) > 0 AS some FROM cases AS c WHERE EXISTS (SELECT FROM booking.bookings AS b WHERE b.id = c.id);
SELECT * FROM differs;
RESET ROLE;
SELECT * FROM differs;
SELECT booking.set_context(actor => 'eve', actor_kind => 'customer', session => true) \gset _
SELECT * FROM differs;
SELECT booking.set_context(actor => 'google', actor_kind => 'calendar', session => true) \gset _
SELECT * FROM differs;
-- The codes agree as well.
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT c.name, a.command, a.code AS said, really(a.command, c.id) AS really FROM cases AS c, booking.available_actions(c.id) AS a
 WHERE coalesce(a.code, 'done') <> really(a.command, c.id) AND a.command NOT IN ('release_hold', 'reassign') ORDER BY 1, 2;

RESET booking.actor;
RESET booking.actor_kind;
SELECT booking.revoke_access(role) FROM unnest('{regress_ann,regress_eve,regress_olga,regress_staff}'::text[]) AS role \g /dev/null
REVOKE ALL ON cases, shown, differs FROM PUBLIC;
DROP ROLE regress_ann, regress_eve, regress_olga, regress_staff;
