-- Who waits is given a slot, for which a hold that is over has to be cleared
-- away; who comes after him in line does not get the units that he is taking.
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (kind, code, name, capacity) VALUES
	('room', 'room-1', 'Room 1', 1), ('room', 'room-2', 'Room 2', 1), ('hall', 'hall', 'Hall', 2);
INSERT INTO booking.services (code, name, duration) VALUES ('use', 'Use', '1 hour'), ('event', 'Event', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind, quantity) VALUES
	(booking.service_id('event'), 'room', 1), (booking.service_id('event'), 'hall', 1);
CREATE FUNCTION places(text) RETURNS uuid[] LANGUAGE sql AS
	$$ SELECT array_agg(booking.resource_id(code)) FROM string_to_table($1, ' ') AS code $$;
CREATE VIEW now_is AS
	SELECT b.title, b.status, string_agg(r.code || ' ' || a.units, ', ' ORDER BY r.code) AS occupies
	  FROM booking.bookings AS b LEFT JOIN booking.allocations AS a ON a.booking_id = b.id
	  LEFT JOIN booking.resources AS r ON r.id = a.resource_id
	 WHERE b.title IS NOT NULL GROUP BY b.id, b.title, b.status ORDER BY b.title;

SET booking.now = '2027-03-01 08:00Z';
INSERT INTO booking.bookings (service_id, title, starts_at, resource_ids, hold_ttl)
VALUES (booking.service_id('use'), 'over', '2027-03-02 10:00Z', places('room-1'), '10 minutes');
INSERT INTO booking.bookings (service_id, title, status, starts_at, resource_ids, units, contact)
VALUES (booking.service_id('use'), 'stands', 'confirmed', '2027-03-02 10:00Z', places('room-2 hall'), 2, '{"name": "Ann"}');
INSERT INTO booking.bookings (service_id, title, status, starts_at, resource_ids, units, joined_at)
VALUES (booking.service_id('use'), 'waits 1', 'waitlisted', '2027-03-02 10:00Z', places('room-1 hall'), 2, NULL);
SET booking.now = '2027-03-01 08:01Z';
INSERT INTO booking.bookings (service_id, title, status, starts_at, units)
VALUES (booking.service_id('event'), 'waits 2', 'waitlisted', '2027-03-02 10:00Z', 2);
SELECT * FROM now_is;

SET booking.now = '2027-03-01 09:00Z';
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE title = 'stands';
SELECT * FROM now_is;
