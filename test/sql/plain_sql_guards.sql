-- Plain SQL and the guards: what follows from bookings is not written by hand, what
-- still holds where triggers are off, and how triggers of the user's own get along.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, code, name) VALUES ('00000000-0000-0000-0000-00000000000a', 'room', 'Room');
INSERT INTO booking.services (id, name, duration) VALUES ('00000000-0000-0000-0001-000000000001', 'Lesson', '1 hour');
\set lesson '00000000-0000-0000-0001-000000000001'
INSERT INTO booking.bookings (service_id, starts_at, title, status, contact)
	VALUES (:'lesson', '2027-03-01 10:00Z', 'a', 'confirmed', '{"name": "Ann"}');

---- what only the engine writes ----

UPDATE booking.allocations SET during = '[2027-03-09, 2027-03-10)';
\echo :SQLSTATE
DELETE FROM booking.allocations;
\echo :SQLSTATE
INSERT INTO booking.allocations SELECT * FROM booking.allocations;
\echo :SQLSTATE
TRUNCATE booking.allocations;
\echo :SQLSTATE
MERGE INTO booking.allocations AS a USING (SELECT 1) AS s ON true WHEN MATCHED THEN UPDATE SET units = 7;
\echo :SQLSTATE
UPDATE booking.audit_log SET actor = 'me';
\echo :SQLSTATE
-- the guards' functions do nothing for whoever calls them
SELECT booking.booking_guard();
SELECT booking.derived_guard();
CREATE TABLE mine (id uuid, tenant_id uuid);
CREATE TRIGGER t BEFORE INSERT ON mine FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('write');
INSERT INTO mine VALUES (NULL, NULL);
\echo :SQLSTATE
DROP TABLE mine;

---- session_replication_role = replica: the exclusion constraint holds, the rest does not ----

SET session_replication_role = replica;
-- no guard, so nothing is filled in, checked or derived ...
INSERT INTO booking.bookings (tenant_id, id, branch_id, service_id, status, starts_at, ends_at, during, resource_ids,
	units, version, local_start, time_zone, price, tax,
	currency, party_size, note_count, metadata, actor_kind, request_id, created_at, updated_at, title)
	SELECT tenant_id, '00000000-0000-0000-0004-000000000001', branch_id, service_id, 'held', starts_at, ends_at, during,
	resource_ids, units, 1, local_start, time_zone, price, tax,
	currency, party_size, 0, metadata, actor_kind, request_id, created_at, updated_at, 'replicated'
	FROM booking.bookings;
SELECT title, (SELECT count(*) FROM booking.audit_log AS a WHERE a.booking_id = b.id) AS audit,
	   (SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS occupies
	FROM booking.bookings AS b ORDER BY 1;
DELETE FROM booking.bookings WHERE title = 'replicated';
-- ... but what is no status stays out, and of the same resource and time nobody gets a second allocation
\set VERBOSITY terse
UPDATE booking.bookings SET status = 'reserved';
\echo :SQLSTATE
INSERT INTO booking.allocations (tenant_id, booking_id, resource_id, during, units, exclusive)
	SELECT tenant_id, '00000000-0000-0000-0004-000000000001', resource_id, during, 1, true FROM booking.allocations;
\echo :SQLSTATE
INSERT INTO booking.allocations (tenant_id, booking_id, resource_id, during, units, exclusive)
	SELECT tenant_id, '00000000-0000-0000-0004-000000000001', resource_id, '[2027-05-01, infinity)', 1, true
	FROM booking.allocations;
\echo :SQLSTATE
\set VERBOSITY default
RESET session_replication_role;

---- triggers of the user's own ----

-- one that sorts before the guard changes what the guard then sees
CREATE FUNCTION default_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.title := coalesce(NEW.title, 'untitled');
	NEW.starts_at := date_trunc('hour', NEW.starts_at);
	RETURN NEW;
END $$;
CREATE TRIGGER a_mine BEFORE INSERT ON booking.bookings FOR EACH ROW EXECUTE FUNCTION default_title();
INSERT INTO booking.bookings (service_id, starts_at) VALUES (:'lesson', '2027-03-01 12:20Z')
	RETURNING title, starts_at;
DROP TRIGGER a_mine ON booking.bookings;
-- one that sorts after it may still set what is no matter of the slot
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.title = 'move' THEN
		NEW.starts_at := NEW.starts_at - interval '1 hour';
	ELSIF NEW.title = 'bad title' THEN
		NEW.title := repeat('x', 300);
	ELSIF NEW.title = 'forbidden' THEN
		NEW.status := 'completed';
	ELSIF NEW.title = 'skip' THEN
		RETURN NULL;
	ELSE
		NEW.description := 'from a trigger';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER zz_mine BEFORE INSERT OR UPDATE ON booking.bookings FOR EACH ROW EXECUTE FUNCTION late();
INSERT INTO booking.bookings (service_id, starts_at, title) VALUES (:'lesson', '2027-03-01 14:00Z', 'b')
	RETURNING description;
-- ... what it sets is checked like everything else
INSERT INTO booking.bookings (service_id, starts_at, title) VALUES (:'lesson', '2027-03-01 16:00Z', 'bad title');
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, starts_at, title) VALUES (:'lesson', '2027-03-01 16:00Z', 'forbidden');
\echo :SQLSTATE
-- ... but the slot, whose keys are taken by then, it may not
INSERT INTO booking.bookings (service_id, starts_at, title) VALUES (:'lesson', '2027-03-01 16:00Z', 'move');
\echo :SQLSTATE
-- ... and a row it drops leaves nothing, nor stands in the way of the next
INSERT INTO booking.bookings (service_id, starts_at, title)
	VALUES (:'lesson', '2027-03-01 16:00Z', 'skip'), (:'lesson', '2027-03-01 16:00Z', 'c') RETURNING title;
UPDATE booking.bookings SET title = 'skip', starts_at = '2027-03-01 18:00Z', ends_at = '2027-03-01 19:00Z'
	WHERE title = 'c' RETURNING title;
SELECT title, lower(a.during) FROM booking.bookings AS b JOIN booking.allocations AS a ON a.booking_id = b.id
	WHERE title = 'c';
-- ... not even where an earlier row of the statement relied on its moving away
UPDATE booking.bookings SET title = CASE title WHEN 'c' THEN 'skip' ELSE title END,
	starts_at = starts_at + interval '2 hours', ends_at = ends_at + interval '2 hours'
	WHERE title IN ('b', 'c');
\echo :SQLSTATE
SELECT title, b.starts_at, lower(a.during) FROM booking.bookings AS b
	JOIN booking.allocations AS a ON a.booking_id = b.id WHERE title IN ('b', 'c') ORDER BY 1;
DROP TRIGGER zz_mine ON booking.bookings;
-- AFTER triggers see the final row, and may book themselves
CREATE FUNCTION follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.title = 'first' THEN
		INSERT INTO booking.bookings (service_id, starts_at, title) VALUES (NEW.service_id, NEW.ends_at, 'second');
		UPDATE booking.bookings SET metadata = '{"followed": true}' WHERE id = NEW.id;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER zz_after AFTER INSERT ON booking.bookings FOR EACH ROW EXECUTE FUNCTION follow_up();
INSERT INTO booking.bookings (service_id, starts_at, title) VALUES (:'lesson', '2027-03-02 10:00Z', 'first')
	RETURNING version;
SELECT title, version, starts_at, metadata,
	   (SELECT count(*) FROM booking.audit_log AS a WHERE a.booking_id = b.id) AS audit,
	   (SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS occupies
	FROM booking.bookings AS b WHERE title IN ('first', 'second') ORDER BY title;
DROP TRIGGER zz_after ON booking.bookings;
-- one that fires before the guard's AFTER finds the row in place, but nothing that follows from it yet
CREATE TRIGGER a_after AFTER INSERT ON booking.bookings FOR EACH ROW EXECUTE FUNCTION follow_up();
INSERT INTO booking.bookings (service_id, starts_at, title) VALUES (:'lesson', '2027-03-03 10:00Z', 'first')
	RETURNING version;
SELECT title, version, metadata,
	   (SELECT array_agg(action ORDER BY a.version) FROM booking.audit_log AS a WHERE a.booking_id = b.id) AS audit,
	   (SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS occupies
	FROM booking.bookings AS b WHERE starts_at >= '2027-03-03' ORDER BY title;
DROP TRIGGER a_after ON booking.bookings;
-- a column, an index and a constraint of the user's own stay the user's
ALTER TABLE booking.bookings ADD COLUMN colour text DEFAULT 'red',
	ADD CONSTRAINT known_colour CHECK (colour IN ('red', 'blue'));
CREATE INDEX ON booking.bookings (colour);
INSERT INTO booking.bookings (service_id, starts_at, colour) VALUES (:'lesson', '2027-03-04 10:00Z', 'blue')
	RETURNING colour, version;
UPDATE booking.bookings SET colour = 'red' WHERE colour = 'blue' RETURNING colour, version;
SELECT count(*) FROM booking.audit_log AS a JOIN booking.bookings AS b ON b.id = a.booking_id
	WHERE b.starts_at = '2027-03-04 10:00Z';
