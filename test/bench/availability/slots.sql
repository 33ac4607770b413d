-- one desk, 30 days, 240 bookings: how many starts are there?
SELECT count(*) FROM booking.slots('00000000-0000-7000-9000-000000000000',
	'[2030-03-04 00:00+01, 2030-04-03 00:00+02)',
	ARRAY[desk(0)]);
