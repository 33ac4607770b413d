-- a thousand desks, a week, 50,000 bookings: the first 50 starts at any of them
SELECT * FROM booking.slots('00000000-0000-7000-9000-000000000000',
	'[2030-03-04 00:00+01, 2030-03-11 00:00+01)', max => 50);
