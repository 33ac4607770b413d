-- Lifecycle under plain SQL (L1 to L9): what an UPDATE of booking.bookings may do
-- with a status, and what INSERT, DELETE and TRUNCATE may do at all.  The engine
-- and the published table of transitions give the same answer on all 100 pairs.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, capacity) VALUES ('hall', 'Hall', 1000);
INSERT INTO booking.services (name, duration, buffer_after) VALUES ('Lesson', '1 hour', '15 minutes');
INSERT INTO booking.customers (name) VALUES ('Ann');
SELECT booking.service_id('lesson') AS lesson, id AS ann FROM booking.customers \gset

-- A booking of 10:00 to 11:00 in any status, made the way a client would; who
-- waits is another customer each time, and waits for the day after.
CREATE FUNCTION pg_temp.booking_in(wanted text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	path text[] := CASE
		WHEN wanted IN ('waitlisted', 'held', 'pending', 'confirmed') THEN ARRAY[wanted]
		WHEN wanted = 'being_served' THEN ARRAY['confirmed', 'checked_in', wanted]
		ELSE ARRAY['confirmed', wanted] END;
	made uuid;
	who uuid;
BEGIN
	IF wanted = 'waitlisted' THEN
		INSERT INTO booking.customers (name) VALUES ('Wanda') RETURNING id INTO who;
	ELSE
		SELECT id INTO who FROM booking.customers WHERE name = 'Ann';
	END IF;
	INSERT INTO booking.bookings (service_id, status, starts_at, customer_id, hold_ttl)
		SELECT booking.service_id('lesson'), path[1], CASE wanted WHEN 'waitlisted' THEN timestamptz '2027-03-02 10:00Z' ELSE '2027-03-01 10:00Z' END,
			who, '1 day'
		RETURNING id INTO made;
	FOR step IN 2 .. cardinality(path) LOOP
		UPDATE booking.bookings SET status = path[step], reason_code = 'other' WHERE id = made;
	END LOOP;
	RETURN made;
END $$;

---- L1: the statuses, and nothing else is storable ----

SELECT status, position FROM booking.statuses();
INSERT INTO booking.bookings (service_id, status, starts_at)
	VALUES (:'lesson', 'reserved', '2027-03-01 10:00Z');
\echo :SQLSTATE
SELECT pg_temp.booking_in('confirmed') AS booking \gset
UPDATE booking.bookings SET status = 'pending_approval' WHERE id = :'booking';
UPDATE booking.bookings SET status = NULL WHERE id = :'booking';
\echo :SQLSTATE
-- not even where triggers are off
\set VERBOSITY terse
SET session_replication_role = replica;
UPDATE booking.bookings SET status = 'reserved' WHERE id = :'booking';
RESET session_replication_role;
\set VERBOSITY default

---- L3: what occupies; a completed one keeps its clean-up ----

CREATE TEMP TABLE probes (status text, booking uuid);
INSERT INTO probes SELECT status, pg_temp.booking_in(status) FROM booking.statuses()
 WHERE status NOT IN ('completed', 'no_show');
SET booking.now = '2027-03-01 10:30Z';	-- after start and grace, so that no_show is not too early
INSERT INTO probes SELECT status, pg_temp.booking_in(status) FROM booking.statuses()
 WHERE status IN ('completed', 'no_show');
SELECT p.status, booking.is_occupying(p.status) AS occupying, a.during, a.expires_at
  FROM probes AS p JOIN booking.statuses() AS s USING (status)
  LEFT JOIN booking.allocations AS a ON a.booking_id = p.booking
 ORDER BY s.position;

---- L2, L4, L5: every pair of statuses, tried ----

CREATE TEMP TABLE tried (from_status text, to_status text, code text);
DO $$
DECLARE
	pair record;
	b uuid;
BEGIN
	FOR pair IN SELECT f.status AS f, t.status AS t
				  FROM booking.statuses() AS f, booking.statuses() AS t
				 WHERE f.status <> t.status LOOP
		-- cancellation is requested before the start, a no-show comes after it
		PERFORM set_config('booking.now', CASE WHEN 'no_show' IN (pair.f, pair.t) AND
			pair.f <> 'pending_cancellation' THEN '2027-03-01 10:30Z' ELSE '2027-03-01 09:00Z' END, false);
		b := pg_temp.booking_in(pair.f);
		BEGIN
			UPDATE booking.bookings SET status = pair.t, reason_code = 'other' WHERE id = b;
			INSERT INTO tried VALUES (pair.f, pair.t, 'ok');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO tried VALUES (pair.f, pair.t, SQLSTATE);
		END;
	END LOOP;
END $$;
SELECT s.status,
	   string_agg(t.to_status, ' ' ORDER BY array_position(booking.valid_targets(s.status), t.to_status))
		FILTER (WHERE t.code = 'ok') AS became,
	   count(*) FILTER (WHERE t.code = 'ZB101') AS refused,
	   count(*) FILTER (WHERE t.code NOT IN ('ok', 'ZB101')) AS something_else
  FROM booking.statuses() AS s JOIN tried AS t ON t.from_status = s.status
 GROUP BY s.status, s.position ORDER BY s.position;

-- Where trigger and table differ: a request for cancellation goes back to just
-- the status before it, which was confirmed here.
SELECT from_status, to_status, code FROM tried AS t
 WHERE (code = 'ok') <> booking.can_transition(from_status, to_status);
SELECT count(*) AS edges,
	   count(*) FILTER (WHERE booking.can_transition(from_status, to_status)) AS known
  FROM booking.transitions;

-- ... as it was pending here.
SET booking.now = '2027-03-01 09:00Z';
SELECT pg_temp.booking_in('pending') AS booking \gset
UPDATE booking.bookings SET status = 'pending_cancellation' WHERE id = :'booking'
	RETURNING status, previous_status, expires_at = starts_at AS lapses_at_start;
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'booking';
-- previous_status is the engine's: nobody writes it
UPDATE booking.bookings SET previous_status = 'confirmed', status = 'confirmed' WHERE id = :'booking';
UPDATE booking.bookings SET status = 'pending' WHERE id = :'booking'
	RETURNING status, previous_status, expires_at;
-- Undecided at its start it is over, swept or not; and then it is too late to ask.
UPDATE booking.bookings SET status = 'pending_cancellation' WHERE id = :'booking';
SET booking.now = '2027-03-01 10:00Z';
UPDATE booking.bookings SET status = 'pending' WHERE id = :'booking';
\echo :SQLSTATE
SELECT booking.expire_holds() > 0 AS swept;
SELECT status, reason_code FROM booking.bookings WHERE id = :'booking';
SELECT pg_temp.booking_in('confirmed') AS booking \gset
UPDATE booking.bookings SET status = 'pending_cancellation' WHERE id = :'booking';
\echo :SQLSTATE
-- the same with a request for approval that nobody decided in time
UPDATE booking.tenants SET settings = '{"pending_ttl": "1 hour"}';
SELECT pg_temp.booking_in('pending') AS booking \gset
SET booking.now = '2027-03-01 11:00Z';
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'booking';
\echo :SQLSTATE
UPDATE booking.tenants SET settings = '{}';

---- L6: reasons ----

SELECT pg_temp.booking_in('confirmed') AS booking \gset
UPDATE booking.bookings SET status = 'cancelled' WHERE id = :'booking';
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'whim' WHERE id = :'booking';
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'no_show' WHERE id = :'booking';
\echo :SQLSTATE
-- the tenant's own reasons count, while they are in use
INSERT INTO booking.reason_codes (code, label) VALUES ('whim', 'A whim');
UPDATE booking.reason_codes SET active = false WHERE code = 'whim';
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'whim' WHERE id = :'booking';
UPDATE booking.reason_codes SET active = true WHERE code = 'whim';
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'whim' WHERE id = :'booking'
	RETURNING status, reason_code, version;
-- reasons by which the engine says that time ran out are not for others
SELECT pg_temp.booking_in('confirmed') AS booking \gset
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'hold_expired' WHERE id = :'booking';
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'hold_released' WHERE id = :'booking';
UPDATE booking.bookings SET status = 'no_show', reason_code = 'hold_expired' WHERE id = :'booking';
-- nor is it a place for anything else while the booking stands
UPDATE booking.bookings SET reason_code = 'mood' WHERE id = :'booking';
\echo :SQLSTATE
UPDATE booking.bookings SET reason_code = 'hold_expired' WHERE id = :'booking';
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, starts_at, reason_code) VALUES (:'lesson', '2027-03-01 10:00Z', 'mood');
\echo :SQLSTATE
-- what a new tenant begins with
SELECT string_agg(code, ' ' ORDER BY code) AS seeded FROM booking.reason_codes WHERE code <> 'whim';

---- L7: where a booking may start ----

DO $$
DECLARE
	s text;
BEGIN
	FOR s IN SELECT status FROM booking.statuses() LOOP
		BEGIN
			INSERT INTO booking.bookings (service_id, status, starts_at, customer_id, reason_code)
				SELECT booking.service_id('lesson'), s, '2027-03-01 12:00Z', id, 'other'
				  FROM booking.customers;
			RAISE NOTICE '% may start', s;
		EXCEPTION WHEN OTHERS THEN
			RAISE NOTICE '% %: %', s, SQLSTATE, SQLERRM;
		END;
	END LOOP;
END $$;
-- what checkout would demand: a customer, or at least contact
INSERT INTO booking.bookings (service_id, status, starts_at)
	VALUES (:'lesson', 'confirmed', '2027-03-01 12:00Z');
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, status, starts_at, contact)
	VALUES (:'lesson', 'confirmed', '2027-03-01 12:00Z', '{"name": "Walk-in"}') RETURNING status;
-- nothing is deleted, not by the tables' owner either, and not by the way of a parent
DELETE FROM booking.bookings;
\echo :SQLSTATE
TRUNCATE booking.bookings;
\echo :SQLSTATE
TRUNCATE booking.reason_codes;
\echo :SQLSTATE
DELETE FROM booking.services;
\echo :SQLSTATE

---- L8: versions ----

SELECT pg_temp.booking_in('confirmed') AS booking \gset
UPDATE booking.bookings SET title = 'one' WHERE id = :'booking' RETURNING version;
UPDATE booking.bookings SET title = 'two', version = 2 WHERE id = :'booking' RETURNING version;
UPDATE booking.bookings SET title = 'three', version = version + 1 WHERE id = :'booking' RETURNING version;
UPDATE booking.bookings SET title = 'stale', version = 2 WHERE id = :'booking';
\echo :SQLSTATE
UPDATE booking.bookings SET title = 'guessed', version = 9 WHERE id = :'booking';
UPDATE booking.bookings SET version = 2 WHERE id = :'booking';
-- what changes nothing is no change
UPDATE booking.bookings SET title = title, status = 'confirmed' WHERE id = :'booking' RETURNING version;

---- L9: where a change is allowed ----

SET booking.now = '2027-03-01 09:00Z';

CREATE TEMP TABLE allowed (status text, change text, code text);
DO $$
DECLARE
	pair record;
	b uuid;
BEGIN
	FOR pair IN SELECT status, change, command FROM booking.statuses(), (VALUES
		('move', 'starts_at = starts_at + ''1 hour'', ends_at = ends_at + ''1 hour'''),
		('reassign', 'resource_ids = ARRAY[booking.resource_id(''other-hall'')]'),
		('lengthen', 'ends_at = ends_at + ''30 minutes'''),
		('units', 'units = 2'),
		('title', 'title = ''Another''')) AS c (change, command) LOOP
		PERFORM set_config('booking.now', CASE pair.status WHEN 'no_show' THEN '2027-03-01 10:30Z'
			ELSE '2027-03-01 09:00Z' END, false);
		b := pg_temp.booking_in(pair.status);
		INSERT INTO booking.resources (code, name, capacity) VALUES ('other-hall', 'Other hall', 1000)
			ON CONFLICT DO NOTHING;
		BEGIN
			EXECUTE 'UPDATE booking.bookings SET ' || pair.command || ' WHERE id = $1' USING b;
			INSERT INTO allowed VALUES (pair.status, pair.change, 'ok');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO allowed VALUES (pair.status, pair.change, SQLSTATE);
		END;
	END LOOP;
END $$;
SELECT s.status, max(code) FILTER (WHERE change = 'move') AS move,
	   max(code) FILTER (WHERE change = 'reassign') AS reassign,
	   max(code) FILTER (WHERE change = 'lengthen') AS lengthen,
	   max(code) FILTER (WHERE change = 'units') AS units,
	   max(code) FILTER (WHERE change = 'title') AS title
  FROM booking.statuses() AS s JOIN allowed USING (status) GROUP BY s.status, s.position ORDER BY s.position;

-- Lengthening what has begun is for staff: the customer may not.
SELECT pg_temp.booking_in('checked_in') AS booking \gset
UPDATE booking.customers SET actor = 'ann';
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
UPDATE booking.bookings SET ends_at = ends_at + '30 minutes' WHERE id = :'booking';
\echo :SQLSTATE
-- ... and what is over never changes, by nobody, but for a note (C1).
SELECT booking.set_context(session => true) \gset _
SELECT pg_temp.booking_in('cancelled') AS booking \gset
UPDATE booking.bookings SET reason_code = 'weather' WHERE id = :'booking';
\echo :SQLSTATE
UPDATE booking.bookings SET price = 5 WHERE id = :'booking';
UPDATE booking.bookings SET metadata = '{"a": 1}' WHERE id = :'booking';
INSERT INTO booking.notes (booking_id, body) VALUES (:'booking', 'called again') RETURNING visibility;
SELECT status, version, note_count FROM booking.bookings WHERE id = :'booking';
