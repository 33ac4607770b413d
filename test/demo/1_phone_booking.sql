\set SHOW_CONTEXT never
SET TimeZone = 'America/Detroit';
\echo
\echo '======================================================================'
\echo ' 1. A massage practice in Detroit takes a booking on the phone'
\echo '======================================================================'
\echo
\set ECHO all
-- What booking.setup() made is one tenant with one branch; they get names,
-- and the branch its time zone.
UPDATE booking.tenants SET code = 'harbor', name = 'Harbor Massage', currency = 'USD';
UPDATE booking.branches SET code = 'detroit', name = 'Detroit Riverfront',
	time_zone = 'America/Detroit';
\echo
-- Who can be booked, and what.  A Swedish massage needs one therapist and one
-- room.  The room is kept 15 minutes longer, to be aired.
INSERT INTO booking.resources (kind, code, name) VALUES
	('therapist', 'alice', 'Alice Moreau'), ('therapist', 'ben', 'Ben Okafor'),
	('room', 'room-1', 'Room 1'), ('room', 'room-2', 'Room 2');
INSERT INTO booking.services (name, duration, price)
	VALUES ('60-minute Swedish', '60 minutes', 95);
INSERT INTO booking.service_requirements (service_id, kind, buffer_after) VALUES
	(booking.service_id('60-minute-swedish'), 'therapist', '0'),
	(booking.service_id('60-minute-swedish'), 'room', '15 minutes');
\echo
-- Dana at the front desk answers the phone.
SELECT booking.set_context(actor => 'dana@harbor.example', actor_kind => 'staff',
	channel => 'voice', session => true) \gset
\echo
-- "Tuesday of next week at ten, please."
SELECT (date_trunc('week', now()) + interval '8 days')::date AS tuesday \gset
SELECT * FROM booking.hold(booking.service_id('60-minute-swedish'),
	local_start => :'tuesday'::date + time '10:00') \gset alex_
\echo
-- The slot is Alex's for five minutes, time enough for the formalities.
SELECT service, resources, to_char(local_start, 'Dy HH24:MI') AS starts, status,
	date_trunc('second', expires_at - now()) AS "left"
FROM booking.current_bookings WHERE id = :'alex_booking_id';

SELECT status, price, currency
FROM booking.checkout(ARRAY[:'alex_booking_id']::uuid[],
	'{"email": "alex@example.com", "name": "Alex Weber"}');
\echo
-- Each resource is taken for as long as it is needed.
SELECT r.name, to_char(lower(a.during), 'HH24:MI') AS "from",
	to_char(upper(a.during), 'HH24:MI') AS until
FROM booking.allocations AS a JOIN booking.resources AS r ON r.id = a.resource_id
WHERE a.booking_id = :'alex_booking_id' ORDER BY 3, 1;
\echo
-- A second call for eleven o'clock: Alice is free again, her room is not.
SELECT status FROM booking.book(booking.service_id('60-minute-swedish'),
	local_start => :'tuesday'::date + time '11:00',
	customer => '{"name": "Bea Novak", "phone": "+1 313 555 0142"}');
\echo
-- The day, in local time.
SELECT to_char(starts, 'HH24:MI') AS "from", to_char(ends, 'HH24:MI') AS until,
	service, resources, customer, status
FROM booking.agenda(:'tuesday');
\echo
-- Who booked for whom.
SELECT c.name AS customer, c.email, b.booked_by, b.channel
FROM booking.bookings AS b JOIN booking.customers AS c ON c.id = b.customer_id
ORDER BY b.starts_at;
