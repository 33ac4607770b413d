-- 10,000 bookings at once
SELECT count(*) FILTER (WHERE ok) FROM booking.bulk_cancel((SELECT array_agg(id_of(n)) FROM generate_series(50000, 59999) AS n), 'closed');
