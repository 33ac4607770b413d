-- What a conflict answers beside what is taken (X9): alternatives nearby, on the resources
-- that were named or on any, and whether one can wait; never whose the booking is.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 06:00Z';

INSERT INTO booking.resources (id, code, name, kind, position, capacity) VALUES
	('00000000-0000-0000-0000-00000000000a', 'ann', 'Ann', 'staff', 1, 1),
	('00000000-0000-0000-0000-00000000000b', 'bob', 'Bob', 'staff', 2, 1),
	('00000000-0000-0000-0000-00000000000c', 'hall', 'Hall', 'hall', 1, 3);
INSERT INTO booking.services (code, name, duration, settings) VALUES
	('cut', 'Cut', '30 min', '{}'), ('yoga', 'Yoga', '1 hour', '{"slot_step": "30 min", "suggest_count": 2}');
INSERT INTO booking.service_requirements (service_id, kind) VALUES
	(booking.service_id('cut'), 'staff'), (booking.service_id('yoga'), 'hall');
SELECT booking.set_hours('main', 'mon-fri 09:00-12:00');

-- What the error says, with codes for ids.
CREATE FUNCTION pg_temp.try(service text, start timestamptz, resources text[] DEFAULT NULL, units int DEFAULT 1, ends timestamptz DEFAULT NULL)
RETURNS TABLE (conflicts text, alternatives text, can_wait boolean) LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	PERFORM booking.hold(booking.service_id(service), start, ends, (SELECT array_agg(booking.resource_id(x)) FROM unnest(resources) AS x), units);
	RAISE NOTICE 'held';
EXCEPTION WHEN exclusion_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN QUERY SELECT
		(SELECT string_agg((c ->> 'resource') || ' ' || (c ->> 'from'), ', ') FROM jsonb_array_elements(detail::jsonb -> 'conflicts') AS c),
		(SELECT string_agg(substr(a ->> 'starts_at', 12, 5) || '-' || substr(a ->> 'ends_at', 12, 5) || ' ' ||
				(SELECT string_agg(r.code, '+') FROM jsonb_array_elements_text(a -> 'resource_ids') AS i (id)
				   JOIN booking.resources AS r ON r.id = i.id::uuid), ', ')
		   FROM jsonb_array_elements(detail::jsonb -> 'alternatives') AS a),
		(detail::jsonb ->> 'can_join_waitlist')::boolean;
END $$;

SELECT count(*) FROM unnest('{09:00,09:30,10:00,10:30}'::text[]) AS t,
	booking.book(booking.service_id('cut'), ('2027-03-01 ' || t || 'Z')::timestamptz, '{"name": "Secret"}', resources => ARRAY[booking.resource_id('ann')]);
SELECT count(*) FROM unnest('{10:00,10:30}'::text[]) AS t,
	booking.book(booking.service_id('cut'), ('2027-03-01 ' || t || 'Z')::timestamptz, '{"name": "Secret"}', resources => ARRAY[booking.resource_id('bob')]);

-- named: the same resource
SELECT * FROM pg_temp.try('cut', '2027-03-01 10:00Z', '{ann}');
-- chosen: any; the nearest first, the earlier one of two
SELECT * FROM pg_temp.try('cut', '2027-03-01 10:00Z');
-- of the length that was asked for
SELECT * FROM pg_temp.try('cut', '2027-03-01 10:00Z', ends => '2027-03-01 11:00Z');
-- within the window, to its end
UPDATE booking.services SET settings = '{"suggest_window": "90 min", "suggest_count": 10}' WHERE code = 'cut';
SELECT * FROM pg_temp.try('cut', '2027-03-01 10:00Z', '{ann}');
UPDATE booking.services SET settings = '{"suggest_window": "5399 seconds", "suggest_count": 10}' WHERE code = 'cut';
SELECT * FROM pg_temp.try('cut', '2027-03-01 10:00Z', '{ann}');
-- none, and no waiting list
UPDATE booking.services SET settings = '{"suggest_count": 0, "waitlist_capacity": 0}' WHERE code = 'cut';
SELECT * FROM pg_temp.try('cut', '2027-03-01 10:00Z', '{ann}');
UPDATE booking.services SET settings = '{}' WHERE code = 'cut';
-- not too soon for a customer
SELECT status FROM booking.book(booking.service_id('cut'), '2027-03-01 11:00Z', '{"name": "Secret"}', resources => ARRAY[booking.resource_id('bob')]);
SET booking.now = '2027-03-01 07:00Z';
UPDATE booking.services SET settings = '{"min_notice": "150 min"}' WHERE code = 'cut';
SET booking.actor_kind = 'customer';
SET booking.actor = 'carla';
SELECT * FROM pg_temp.try('cut', '2027-03-01 11:00Z', '{bob}');
UPDATE booking.services SET settings = '{}' WHERE code = 'cut';
SELECT * FROM pg_temp.try('cut', '2027-03-01 11:00Z', '{bob}');
RESET booking.actor_kind;
RESET booking.actor;
SET booking.now = '2027-03-01 06:00Z';

-- shared: slots with as many units
SELECT count(*) FROM (VALUES ('09:30', 2), ('10:30', 1)) AS v (t, n),
	booking.book(booking.service_id('yoga'), ('2027-03-01 ' || t || 'Z')::timestamptz, '{"name": "Secret"}', units => n);
SELECT * FROM pg_temp.try('yoga', '2027-03-01 09:30Z', units => 2);
SELECT * FROM pg_temp.try('yoga', '2027-03-01 09:30Z', units => 3);

-- moving: the booking's own slot is not in the way, and no alternative
SELECT id AS moved FROM booking.bookings WHERE starts_at = '2027-03-01 09:00Z' \gset
SELECT booking.reschedule(:'moved', '2027-03-01 09:30Z');

-- the whole answer; nobody's name is in it
DO $$
DECLARE detail text;
BEGIN
	PERFORM booking.hold(booking.service_id('cut'), '2027-03-01 10:00Z', resources => ARRAY[booking.resource_id('ann')]);
EXCEPTION WHEN exclusion_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RAISE NOTICE '%', jsonb_pretty(detail::jsonb);
	RAISE NOTICE 'secret: %', detail ~ 'Secret' OR EXISTS (SELECT FROM booking.bookings AS b WHERE detail ~ b.id::text);
END $$;

---- suggestions without a conflict ----

SELECT local_start, distance FROM booking.suggest_slots(booking.service_id('cut'), '2027-03-01 10:10Z');
SELECT local_start, distance FROM booking.suggest_slots(booking.service_id('cut'), '2027-03-01 10:10Z', ARRAY[booking.resource_id('ann')], max => 5);
SELECT local_start, distance FROM booking.suggest_slots(booking.service_id('cut'), '2027-03-02 10:00Z', max => 2);
SELECT count(*) FROM booking.suggest_slots(booking.service_id('cut'), '2027-03-06 10:00Z');
SELECT count(*) FROM booking.suggest_slots(booking.service_id('cut'), '2027-03-01 10:00Z', max => 0);
SELECT booking.suggest_slots(booking.service_id('cut'), 'infinity');
SELECT booking.suggest_slots(booking.service_id('cut'), NULL);
SELECT count(*) FROM booking.suggest_slots(booking.service_id('cut'), '294276-12-31 23:59Z');
