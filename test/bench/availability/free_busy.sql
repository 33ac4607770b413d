-- a thousand desks, a week, 50,000 bookings: what is free and what is not
SELECT count(*) FROM booking.free_busy(ARRAY(SELECT id FROM booking.resources),
	'[2030-03-04 00:00+01, 2030-03-11 00:00+01)');
