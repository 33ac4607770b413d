-- The waiting list (W1 to W4): who waits, who gets what becomes free, by
-- functions and by plain SQL.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (kind, code, name)
SELECT 'chair', 'chair-' || n, 'Chair ' || n FROM generate_series(1, 2) AS n;
INSERT INTO booking.resources (kind, code, name, capacity) VALUES ('hall', 'hall', 'Hall', 3);
INSERT INTO booking.services (code, name, duration, price) VALUES
	('cut', 'Cut', '1 hour', 30), ('yoga', 'Yoga', '1 hour', 10), ('duo', 'Duo', '1 hour', 0);
INSERT INTO booking.service_requirements (service_id, kind, quantity) VALUES
	(booking.service_id('cut'), 'chair', 1), (booking.service_id('yoga'), 'hall', 1),
	(booking.service_id('duo'), 'chair', 2);
INSERT INTO booking.customers (name, email)
SELECT n, n || '@example.com' FROM unnest(ARRAY['ann', 'ben', 'cleo', 'dan', 'eve']) AS n;

CREATE FUNCTION customer(who text) RETURNS uuid LANGUAGE sql STABLE AS
	$$ SELECT id FROM booking.customers WHERE name = who $$;
CREATE FUNCTION chair(n integer) RETURNS uuid[] LANGUAGE sql STABLE AS
	$$ SELECT ARRAY[booking.resource_id('chair-' || n)] $$;
CREATE FUNCTION waits(who text, service text, at timestamptz DEFAULT NULL, wanted tstzrange DEFAULT NULL,
	resources uuid[] DEFAULT NULL, units integer DEFAULT 1) RETURNS integer LANGUAGE sql AS
	$$ SELECT position FROM booking.join_waitlist(booking.service_id(service), at, wanted, customer(who),
		resources, units, metadata => jsonb_build_object('who', who)) $$;
CREATE FUNCTION books(who text, service text, at timestamptz, resources uuid[] DEFAULT NULL,
	units integer DEFAULT 1) RETURNS text LANGUAGE sql AS
	$$ SELECT status FROM booking.book(booking.service_id(service), at,
		jsonb_build_object('id', customer(who)), resources => resources, units => units,
		metadata => jsonb_build_object('who', who)) $$;
CREATE FUNCTION of(who text) RETURNS uuid LANGUAGE sql STABLE AS
	$$ SELECT id FROM booking.bookings WHERE metadata ->> 'who' = who
		ORDER BY created_at DESC, id DESC LIMIT 1 $$;
CREATE VIEW now_is AS
	SELECT b.metadata ->> 'who' AS who, b.status, to_char(b.starts_at AT TIME ZONE 'UTC', 'DD HH24:MI') AS at,
		(SELECT string_agg(r.code, ' ' ORDER BY r.code) FROM booking.resources AS r WHERE r.id = ANY (b.resource_ids)) AS places,
		b.units, to_char(b.expires_at AT TIME ZONE 'UTC', 'DD HH24:MI') AS expires,
		(SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS taken
	  FROM booking.bookings AS b
	 WHERE b.status NOT IN ('cancelled', 'no_show', 'completed') ORDER BY b.starts_at, 1, b.id;
CREATE PROCEDURE anew() LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL session_replication_role = replica;
	TRUNCATE booking.bookings, booking.allocations, booking.waiting, booking.vacancies, booking.outbox,
		booking.service_sessions;
	SET LOCAL session_replication_role = origin;
END $$;

---- joining ----
SELECT books('ann', 'cut', '2027-03-02 10:00Z', chair(1));
SELECT books('ann', 'cut', '2027-03-02 10:00Z', chair(2));
SELECT position, starts_at, ends_at, expires_at, version FROM booking.join_waitlist(booking.service_id('cut'),
	'2027-03-02 10:00Z', customer => customer('ben'), metadata => '{"who": "ben"}');
SELECT waits('cleo', 'cut', '2027-03-02 10:30Z');
SELECT waits('dan', 'cut', '2027-03-02 12:00Z');
SELECT position, service, joined_at, wanted FROM booking.waitlist ORDER BY joined_at, booking_id;
SELECT booking.waitlist_position(of('cleo')), booking.waitlist_position(of('ann'));
-- again: the same customer, also by plain SQL, at a time that overlaps
SELECT waits('ben', 'cut', '2027-03-02 10:30Z');
INSERT INTO booking.bookings (service_id, status, starts_at, customer_id)
VALUES (booking.service_id('cut'), 'waitlisted', '2027-03-02 09:30Z', customer('ben'));
-- without a customer: the same actor, unless it is staff
SELECT position FROM booking.join_waitlist(booking.service_id('cut'), '2027-03-02 15:00Z');
SELECT booking.set_context(actor => 'phone', actor_kind => 'customer', session => true);
SELECT position FROM booking.join_waitlist(booking.service_id('cut'), '2027-03-02 15:00Z');
SELECT position FROM booking.join_waitlist(booking.service_id('cut'), '2027-03-02 15:00Z');
SELECT booking.set_context(session => true);
-- too late
SELECT waits('eve', 'cut', '2027-03-01 09:00Z');
SELECT waits('eve', 'cut', wanted => '[2027-03-01 08:00Z,2027-03-01 10:00Z)');
SELECT waits('eve', 'cut', wanted => '[2027-03-01 08:00Z,2027-03-01 10:30Z)');
SELECT status FROM booking.cancel(of('eve'), 'customer_request');
-- hostile
SELECT waits('eve', 'cut');
SELECT waits('eve', 'cut', wanted => 'empty');
SELECT waits('eve', 'cut', wanted => '[2027-03-02 08:00Z,)');
SELECT waits('eve', 'cut', wanted => '[2027-03-02 08:00Z,infinity)');
SELECT waits('eve', 'cut', wanted => '[2027-03-02 08:00Z,2067-03-02 08:00Z)');
SELECT waits('eve', 'cut', wanted => '[2027-03-02 08:00Z,2027-03-02 08:59Z)');
SELECT waits('eve', 'cut', '2027-03-02 10:00Z', resources => ARRAY['00000000-0000-0000-0000-000000000001'::uuid]);
INSERT INTO booking.bookings (service_id, status, starts_at, wanted)
VALUES (booking.service_id('cut'), 'held', '2027-03-02 16:00Z', '[2027-03-02 16:00Z,2027-03-02 18:00Z)');
UPDATE booking.bookings SET wanted = '[2027-03-02 08:00Z,2027-03-02 18:00Z]' WHERE id = of('dan');
UPDATE booking.bookings SET wanted = '[2027-03-02 08:00Z,2027-03-02 18:00Z)' WHERE id = of('ann');
-- full
SELECT booking.set_setting('service', 'cut', 'waitlist_capacity', '2');
SELECT waits('eve', 'cut', '2027-03-02 10:00Z');
SELECT waits('eve', 'cut', wanted => '[2027-03-02 07:00Z,2027-03-02 10:30Z)');
SELECT booking.set_setting('service', 'cut', 'waitlist_capacity', NULL);
-- nobody else may write it
INSERT INTO booking.waiting SELECT * FROM booking.waiting;
DELETE FROM booking.vacancies;

---- promotion: the first in line, passing over who does not fit ----
SELECT * FROM now_is;
SELECT status, effects FROM booking.cancel((SELECT id FROM booking.bookings WHERE metadata ->> 'who' = 'ann' AND resource_ids = chair(2)), 'customer_request');
SELECT * FROM now_is;
SELECT action, actor, actor_kind, metadata FROM booking.audit_log WHERE booking_id = of('ben') ORDER BY version;
SELECT topic, event, status FROM booking.outbox WHERE booking_id = of('ben') ORDER BY id;
-- an expired promotion passes to the next: ben's hold is over
SET booking.now = '2027-03-01 09:15Z';
SELECT booking.expire_holds();
SELECT * FROM now_is;
-- leaving is cancel()
SELECT status, effects FROM booking.cancel(of('dan'), 'customer_request');
SELECT count(*) FROM booking.waiting WHERE booking_id = of('dan');

---- nobody snipes, not by racing a hold that is over ----
SET booking.now = '2027-03-01 09:00Z';
CALL anew();
SELECT count(*) FROM booking.hold(booking.service_id('cut'), '2027-03-02 10:00Z', resources => chair(1), metadata => '{"who": "ann"}');
SELECT waits('ben', 'cut', '2027-03-02 10:00Z', resources => chair(1));
SET booking.now = '2027-03-01 09:06Z';
SELECT books('eve', 'cut', '2027-03-02 10:00Z', chair(1));
SELECT version FROM booking.refresh_hold(of('ann'));
SELECT booking.expire_holds();
SELECT * FROM now_is;
-- nor where there are many units
CALL anew();
SET booking.now = '2027-03-01 09:00Z';
SELECT books('ann', 'yoga', '2027-03-02 10:00Z', units => 2);
SELECT count(*) FROM booking.hold(booking.service_id('yoga'), '2027-03-02 10:00Z', metadata => '{"who": "cleo"}');
SELECT waits('ben', 'yoga', '2027-03-02 10:00Z');
SET booking.now = '2027-03-01 09:06Z';
SELECT books('eve', 'yoga', '2027-03-02 10:00Z');
SELECT version FROM booking.refresh_hold(of('cleo'));
SELECT booking.expire_holds();
SELECT * FROM now_is;

-- it is not listed either, and who does not care which gets another one
CALL anew();
SET booking.now = '2027-03-01 09:00Z';
SELECT count(*) FROM booking.hold(booking.service_id('cut'), '2027-03-02 10:00Z', resources => chair(1), metadata => '{"who": "ann"}');
SELECT waits('ben', 'cut', '2027-03-02 10:00Z', resources => chair(1));
SET booking.now = '2027-03-01 09:06Z';
SELECT count(*) FROM booking.slots(booking.service_id('cut'), '[2027-03-02 10:00Z,2027-03-02 10:01Z)', chair(1));
SELECT count(*) FROM booking.slots(booking.service_id('cut'), '[2027-03-02 11:00Z,2027-03-02 11:01Z)', chair(1));
SELECT books('eve', 'cut', '2027-03-02 10:00Z');
SELECT * FROM now_is;

---- every way to free something ----
CREATE PROCEDURE taken() LANGUAGE plpgsql AS $$
BEGIN
	CALL anew();
	PERFORM books('ann', 'cut', '2027-03-02 10:00Z', chair(1));
	PERFORM waits('ben', 'cut', '2027-03-02 10:00Z', resources => chair(1));
	PERFORM waits('cleo', 'cut', '2027-03-02 10:00Z', resources => chair(1));
END $$;
SET booking.now = '2027-03-01 09:00Z';
CALL taken();
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'customer_request' WHERE id = of('ann');
SELECT * FROM now_is;
CALL taken();
SELECT status FROM booking.reschedule(of('ann'), '2027-03-02 10:30Z');
SELECT * FROM now_is;
SELECT status FROM booking.reschedule(of('ann'), '2027-03-02 11:00Z');
SELECT * FROM now_is;
CALL taken();
SELECT status FROM booking.reassign(of('ann'), chair(2));
SELECT * FROM now_is;
CALL taken();
UPDATE booking.bookings SET starts_at = '2027-03-02 09:00Z', ends_at = '2027-03-02 10:00Z' WHERE id = of('ann');
SELECT * FROM now_is;
-- release
CALL anew();
SELECT count(*) FROM booking.hold(booking.service_id('cut'), '2027-03-02 10:00Z', resources => chair(1), metadata => '{"who": "ann"}');
SELECT waits('ben', 'cut', '2027-03-02 10:00Z', resources => chair(1));
SELECT booking.release_hold(of('ann'));
SELECT * FROM now_is;
-- completed early: the rest of the time; a no-show likewise
CALL anew();
SELECT status FROM booking.book(booking.service_id('cut'), '2027-03-02 10:00Z', jsonb_build_object('id', customer('ann')), '2027-03-02 14:00Z', chair(1), metadata => '{"who": "ann"}');
SELECT waits('ben', 'cut', wanted => '[2027-03-02 10:00Z,2027-03-02 14:00Z)', resources => chair(1));
SET booking.now = '2027-03-02 11:10Z';
SELECT status FROM booking.complete(of('ann'));
SELECT * FROM now_is;
SET booking.now = '2027-03-01 09:00Z';
CALL anew();
SELECT status FROM booking.book(booking.service_id('cut'), '2027-03-02 10:00Z', jsonb_build_object('id', customer('ann')), '2027-03-02 14:00Z', chair(1), metadata => '{"who": "ann"}');
SELECT waits('ben', 'cut', '2027-03-02 12:30Z', resources => chair(1));
SELECT waits('cleo', 'cut', '2027-03-02 10:00Z', resources => chair(1));
SET booking.now = '2027-03-02 10:20Z';
-- cleo's slot is past
SELECT status FROM booking.no_show(of('ann'), 'did_not_arrive');
SELECT * FROM now_is;
SELECT booking.expire_holds();
SELECT status, reason_code FROM booking.bookings WHERE id = of('cleo');
-- units given back
SET booking.now = '2027-03-01 09:00Z';
CALL anew();
SELECT books('ann', 'yoga', '2027-03-02 10:00Z', units => 3);
SELECT waits('ben', 'yoga', '2027-03-02 10:00Z', units => 2);
SELECT waits('cleo', 'yoga', '2027-03-02 10:00Z', units => 3);
SELECT waits('dan', 'yoga', '2027-03-02 10:00Z');
UPDATE booking.bookings SET units = 2 WHERE id = of('ann');
SELECT * FROM now_is;
-- the capacity raised
UPDATE booking.resources SET capacity = 6 WHERE code = 'hall';
SELECT * FROM now_is;
UPDATE booking.resources SET capacity = 3 WHERE code = 'hall';
-- a closure lifted, a resource put back into use
CALL anew();
INSERT INTO booking.closures (resource_id, starts_at, ends_at)
VALUES (booking.resource_id('chair-1'), '2027-03-02 00:00Z', '2027-03-03 00:00Z');
UPDATE booking.resources SET active = false WHERE code = 'chair-2';
SELECT waits('ben', 'cut', '2027-03-02 10:00Z');
SELECT waits('cleo', 'cut', '2027-03-02 10:00Z');
DELETE FROM booking.closures;
SELECT * FROM now_is;
UPDATE booking.resources SET active = true WHERE code = 'chair-2';
SELECT * FROM now_is;
-- opening hours: the worker's turn, when they are as they are to be
CALL anew();
SELECT booking.set_hours('main', 'mon-fri 12:00-17:00');
SELECT waits('ben', 'cut', '2027-03-02 10:00Z');
SELECT booking.promote_waiting();
SELECT booking.set_hours('main', 'mon-fri 09:00-17:00');
SELECT status FROM now_is;
SELECT booking.promote_waiting(), booking.promote_waiting();
SELECT * FROM now_is;
DELETE FROM booking.hours;

---- who needs two, of which one was freed ----
CALL anew();
SELECT books('ann', 'cut', '2027-03-02 10:00Z', chair(1));
SELECT books('dan', 'cut', '2027-03-02 10:00Z', chair(2));
SELECT waits('ben', 'duo', '2027-03-02 10:00Z');
SELECT waits('cleo', 'duo', '2027-03-02 10:30Z', resources => chair(1) || chair(2));
SELECT status FROM booking.cancel(of('ann'), 'customer_request');
SELECT * FROM now_is;
SELECT status FROM booking.cancel(of('dan'), 'customer_request');
SELECT * FROM now_is;

---- many at once: in line, and what the statement itself needs comes first ----
CALL anew();
SELECT books('ann', 'cut', '2027-03-02 10:00Z', chair(1)), books('dan', 'cut', '2027-03-02 11:00Z', chair(1));
SELECT waits('ben', 'cut', '2027-03-02 11:00Z', resources => chair(1));
UPDATE booking.bookings SET starts_at = timestamptz '2027-03-02 21:00Z' - (starts_at - '2027-03-02 00:00Z'), ends_at = timestamptz '2027-03-02 22:00Z' - (starts_at - '2027-03-02 00:00Z')
 WHERE status = 'confirmed';
SELECT * FROM now_is;
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'customer_request' WHERE status = 'confirmed';
SELECT * FROM now_is;

---- a window: the first slot of the grid in it that was freed ----
CALL anew();
SELECT books('ann', 'cut', '2027-03-02 10:00Z', chair(1)), books('ann', 'cut', '2027-03-02 13:00Z', chair(1));
SELECT books('dan', 'cut', at, chair(1)) FROM unnest(ARRAY['2027-03-02 11:00Z', '2027-03-02 12:00Z', '2027-03-02 14:00Z']::timestamptz[]) AS at;
SELECT waits('ben', 'cut', wanted => '[2027-03-02 10:30Z,2027-03-02 15:00Z)', resources => chair(1));
SELECT starts_at, expires_at FROM booking.waitlist;
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'customer_request' WHERE status = 'confirmed' AND metadata ->> 'who' = 'ann';
SELECT * FROM now_is;
SELECT joined_at, wanted FROM booking.bookings WHERE id = of('ben');

---- modes ----
CALL taken();
SELECT booking.set_setting('service', 'cut', 'waitlist_mode', '"confirm"');
SELECT status FROM booking.cancel(of('ann'), 'customer_request');
SELECT * FROM now_is;
SELECT topic, event FROM booking.outbox WHERE booking_id = of('ben') ORDER BY id;
SELECT status FROM booking.service_sessions WHERE booking_id = of('ben');
-- nobody to confirm it for: a hold
CALL anew();
SELECT books('ann', 'cut', '2027-03-02 10:00Z', chair(1));
INSERT INTO booking.bookings (service_id, status, starts_at, resource_ids, hold_ttl, metadata)
VALUES (booking.service_id('cut'), 'waitlisted', '2027-03-02 10:00Z', chair(1), '1 year', '{"who": "nn"}');
SELECT status FROM booking.cancel(of('ann'), 'customer_request');
SELECT * FROM now_is;
-- approval
SELECT booking.set_setting('service', 'cut', 'approval', 'true');
CALL taken();
UPDATE booking.bookings SET status = 'confirmed' WHERE status = 'pending';
SELECT status FROM booking.cancel(of('ann'), 'customer_request');
SELECT * FROM now_is;
SELECT booking.set_setting('service', 'cut', 'approval', NULL);
-- a message: the slot stays open
SELECT booking.set_setting('service', 'cut', 'waitlist_mode', '"notify"');
CALL taken();
SELECT status FROM booking.cancel(of('ann'), 'customer_request');
SELECT * FROM now_is;
SELECT (SELECT metadata ->> 'who' FROM booking.bookings WHERE id = booking_id) AS who, topic, event, booking_version FROM booking.outbox WHERE topic = 'waitlist_promotion';
SELECT booking.set_setting('service', 'cut', 'waitlist_mode', NULL);

---- the rules are those of a customer ----
SELECT booking.set_setting('service', 'cut', 'min_notice', '"2 days"');
CALL taken();
SELECT status FROM booking.cancel(of('ann'), 'customer_request');
SELECT * FROM now_is;
SELECT booking.set_setting('service', 'cut', 'min_notice', NULL);

---- staff promotes by hand ----
SELECT status, effects, undo_token IS NOT NULL AS token FROM booking.promote(of('cleo'));
SELECT metadata FROM booking.audit_log WHERE booking_id = of('cleo') AND action = 'promote';
SELECT booking.promote(of('cleo'));
SELECT booking.promote(of('ben'));
SELECT booking.promote(of('ben'), '2027-03-02 12:00Z', expected_version => 7);
SELECT status FROM booking.promote(of('ben'), '2027-03-02 12:00Z');
SELECT metadata FROM booking.audit_log WHERE booking_id = of('ben') AND action = 'promote';
SELECT * FROM now_is;
CALL anew();
SELECT waits('ben', 'cut', wanted => '[2027-03-02 10:30Z,2027-03-02 15:00Z)');
SELECT status FROM booking.promote(of('ben'));
SELECT * FROM now_is;

---- moving to another queue: to its end, within its limit; a slot of one's own ends the window ----
CALL anew();
SELECT waits('ben', 'cut', '2027-03-02 10:00Z');
SET booking.now = '2027-03-01 09:01Z';
SELECT waits('cleo', 'cut', wanted => '[2027-03-02 12:00Z,2027-03-02 14:00Z)'), waits('dan', 'cut', '2027-03-02 15:00Z');
SET booking.now = '2027-03-01 09:02Z';
SELECT status FROM booking.reschedule(of('ben'), '2027-03-02 15:00Z');
SELECT status FROM booking.reschedule(of('cleo'), '2027-03-02 16:00Z');
SELECT b.metadata ->> 'who' AS who, w.position, w.joined_at, w.starts_at, w.wanted, w.expires_at FROM booking.waitlist AS w JOIN booking.bookings AS b ON b.id = w.booking_id ORDER BY 4, 2;
SELECT booking.set_setting('service', 'cut', 'waitlist_capacity', '2');
SELECT booking.reschedule(of('cleo'), '2027-03-02 15:30Z');
SELECT booking.set_setting('service', 'cut', 'waitlist_capacity', NULL);
-- its customer's name is not a move
UPDATE booking.bookings SET title = 'please' WHERE id = of('dan');
SELECT booking.waitlist_position(of('dan'));

---- too late: nothing but the end, whoever came by first ----
SET booking.now = '2027-03-02 15:00Z';
SELECT booking.reschedule(of('dan'), '2027-03-03 15:00Z');
SELECT booking.promote(of('dan'));
SELECT booking.cancel(of('dan'), 'customer_request');
SELECT count(*) FROM booking.waitlist;
SELECT booking.expire_holds();
SELECT b.metadata ->> 'who' AS who, b.reason_code, a.action, a.actor FROM booking.bookings AS b JOIN booking.audit_log AS a ON a.booking_id = b.id AND a.version = b.version WHERE b.reason_code = 'waitlist_lapsed' ORDER BY 1;
SELECT count(*) FROM booking.waiting;
SET booking.now = '2027-03-01 09:00Z';
SELECT waits('eve', 'cut', '2027-03-03 10:00Z');
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'waitlist_lapsed' WHERE id = of('eve');

---- a trigger of somebody's that refuses a promotion: the cancel stands, the next one gets it ----
CALL taken();
CREATE FUNCTION not_ben() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status = 'held' AND NEW.metadata ->> 'who' = 'ben' THEN
		RAISE EXCEPTION 'not ben';
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER not_ben AFTER UPDATE ON booking.bookings FOR EACH ROW EXECUTE FUNCTION not_ben();
SELECT status FROM booking.cancel(of('ann'), 'customer_request');
SELECT * FROM now_is;
DROP TRIGGER not_ben ON booking.bookings;
SELECT count(*) FROM booking.vacancies;
SELECT booking.promote_waiting(-1);

---- clients: their own place in the line, and no way past it ----
CREATE ROLE regress_guest;
SELECT booking.grant_access('regress_guest', 'client');
CALL taken();
SET ROLE regress_guest;
SELECT booking.set_context(actor => 'gast', session => true);
SELECT position FROM booking.join_waitlist(booking.service_id('cut'), '2027-03-02 10:00Z');
SELECT service, position FROM booking.waitlist;
SELECT count(*) FROM booking.waiting;
SELECT booking.waitlist_position(booking_id) FROM booking.waitlist;
SELECT booking.promote(booking_id) FROM booking.waitlist;
UPDATE booking.bookings SET status = 'held';
UPDATE booking.bookings SET joined_at = '2000-01-01';
SELECT joined_at FROM booking.waitlist;
SELECT booking.join_waitlist(booking.service_id('cut'), '2027-03-02 11:00Z', customer => '00000000-0000-0000-0000-000000000001');
RESET ROLE;
SELECT booking.set_context(session => true);
SELECT booking.waitlist_position('00000000-0000-0000-0000-000000000001');
SELECT booking.waitlist_position(NULL);
SELECT booking.promote(NULL);
-- a client's cancellation promotes somebody else
CALL anew();
SET ROLE regress_guest;
SELECT booking.set_context(actor => 'gast', session => true);
SELECT count(*) FROM booking.hold(booking.service_id('cut'), '2027-03-02 10:00Z', resources => chair(1), metadata => '{"who": "gast"}');
RESET ROLE;
SELECT booking.set_context(session => true);
SELECT waits('ben', 'cut', '2027-03-02 10:00Z', resources => chair(1));
SET ROLE regress_guest;
SELECT booking.set_context(actor => 'gast', session => true);
SELECT booking.release_hold((SELECT id FROM booking.bookings));
RESET ROLE;
SELECT * FROM now_is;
SELECT booking.revoke_access('regress_guest');
DROP ROLE regress_guest;

---- who names a part of what the service needs gets the rest chosen ----
INSERT INTO booking.resources (kind, code, name) VALUES
	('barber', 'anna', 'Anna'), ('barber', 'bert', 'Bert'), ('booth', 'booth-1', 'Booth 1');
INSERT INTO booking.services (code, name, duration) VALUES ('shave', 'Shave', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind, quantity) VALUES
	(booking.service_id('shave'), 'barber', 1), (booking.service_id('shave'), 'booth', 1);
CALL anew();
SELECT books('ann', 'shave', '2027-03-02 10:00Z', ARRAY[booking.resource_id('anna')]);
SELECT waits('ben', 'shave', '2027-03-02 10:00Z', resources => ARRAY[booking.resource_id('anna')]);
SELECT status FROM booking.cancel(of('ann'), 'customer_request');
SELECT * FROM now_is;
-- all that became free for him is the booth
CALL anew();
SELECT books('ann', 'shave', '2027-03-02 10:00Z', ARRAY[booking.resource_id('bert')]);
SELECT waits('ben', 'shave', '2027-03-02 10:00Z', resources => ARRAY[booking.resource_id('anna')]);
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE id = of('ann');
SELECT * FROM now_is;
-- by hand, and undone: he waits for Anna again
CALL anew();
SELECT waits('ben', 'shave', '2027-03-02 10:00Z', resources => ARRAY[booking.resource_id('anna')]);
SELECT undo_token FROM booking.promote(of('ben')) \gset
SELECT * FROM now_is;
SELECT status FROM booking.reverse(:'undo_token');
SELECT * FROM now_is;
