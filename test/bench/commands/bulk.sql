-- 10,000 bookings at once, all of which must succeed
SELECT 1 / (count(*) FILTER (WHERE ok) = 10000)::integer
  FROM booking.bulk_cancel((SELECT array_agg(id_of(n)) FROM generate_series(50000, 59999) AS n), 'weather');
