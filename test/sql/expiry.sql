-- Ending what has lapsed (H3, H7, K4, L4): in batches, each status for its own
-- reason, and one booking that cannot be ended does not keep the others.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (kind, code, name)
SELECT 'court', 'court-' || n, 'Court ' || n FROM generate_series(1, 9) AS n;
INSERT INTO booking.services (code, name, duration) VALUES ('hour', 'An hour', '1 hour');
INSERT INTO booking.services (code, name, duration, settings)
VALUES ('on-request', 'An hour on request', '1 hour', '{"approval": true, "pending_ttl": "2 hours"}');

-- six holds, the first for a minute, the second for two ...
SELECT count(h.booking_id)
  FROM generate_series(1, 6) AS n,
	LATERAL booking.hold(booking.service_id('hour'), '2027-03-02 10:00Z',
		resources => ARRAY[booking.resource_id('court-' || n)],
		ttl => n * interval '1 minute') AS h;
-- a request that nobody decides, and one for cancellation
SELECT status FROM booking.book(booking.service_id('on-request'), '2027-03-02 10:00Z',
	'{"name": "Ann"}', resources => ARRAY[booking.resource_id('court-7')]);
SELECT status FROM booking.book(booking.service_id('hour'), '2027-03-01 12:00Z',
	'{"name": "Ben"}', resources => ARRAY[booking.resource_id('court-8')]);
UPDATE booking.bookings SET status = 'pending_cancellation'
 WHERE resource_ids = ARRAY[booking.resource_id('court-8')];

CREATE VIEW ended AS
	SELECT r.code, b.status, b.reason_code, b.actor_kind, l.action
	  FROM booking.bookings AS b
	  JOIN booking.resources AS r ON r.id = b.resource_ids[1]
	  JOIN booking.audit_log AS l ON l.booking_id = b.id AND l.version = b.version
	 WHERE b.status = 'cancelled' ORDER BY r.code;

-- at the very instant the first is over, and only that one
SET booking.now = '2027-03-01 09:01Z';
SELECT booking.expire_holds();
SELECT * FROM ended;
SELECT booking.expire_holds();

-- no more than asked for, the oldest first
SET booking.now = '2027-03-01 09:10Z';
SELECT booking.expire_holds(0), booking.expire_holds(2);
SELECT code FROM ended;

-- somebody's trigger does not let court-5 go: the others are ended all the same
CREATE FUNCTION keep_court_5() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status = 'cancelled' AND NEW.resource_ids = ARRAY[booking.resource_id('court-5')] THEN
		RAISE EXCEPTION 'court 5 stays';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER keep_court_5 AFTER UPDATE ON booking.bookings
	FOR EACH ROW EXECUTE FUNCTION keep_court_5();
SELECT booking.expire_holds();
SELECT code FROM ended;
SELECT booking.expire_holds();
DROP TRIGGER keep_court_5 ON booking.bookings;
SELECT booking.expire_holds();

-- the requests lapse: two hours after it was made, and at the start
SET booking.now = '2027-03-01 11:00Z';
SELECT booking.expire_holds();
SET booking.now = '2027-03-01 12:00Z';
SELECT booking.expire_holds();
SELECT * FROM ended;
SELECT count(*) FROM booking.allocations;

-- holds of many days take more locks than one transaction may have: call again
SET booking.now = '2027-03-01 13:00Z';
SELECT count(h.booking_id)
  FROM generate_series(1, 400) AS n,
	LATERAL booking.hold(booking.service_id('hour'), timestamptz '2027-04-01 10:00Z' + n * interval '1 hour',
		resources => ARRAY[booking.resource_id('court-9')]) AS h;
SET booking.now = '2027-03-01 14:00Z';
BEGIN;
SET LOCAL booking.max_locks_per_transaction = 10;
SELECT booking.expire_holds() BETWEEN 1 AND 399 AS some;
COMMIT;
SELECT booking.expire_holds() BETWEEN 1 AND 399 AS the_rest;
SELECT count(*) FROM booking.holds WHERE state = 'active';
SELECT count(*) FROM booking.bookings WHERE status = 'held';

-- one that was ended and is taken again by UPDATE is none that expired, once it is booked
SELECT booking_id AS again FROM booking.hold(booking.service_id('hour'), '2027-03-08 10:00Z',
	resources => ARRAY[booking.resource_id('court-1')]) \gset
SET booking.now = '2027-03-01 15:00Z';
SELECT booking.expire_holds();
UPDATE booking.bookings SET status = 'held' WHERE id = :'again' RETURNING status, reason_code;
UPDATE booking.bookings SET status = 'confirmed', contact = '{"name": "Ann"}' WHERE id = :'again';
SELECT h.state, b.status, b.reason_code FROM booking.holds AS h JOIN booking.bookings AS b ON b.id = h.booking_id
 WHERE b.id = :'again';
