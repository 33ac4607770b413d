-- What a client must not send, tried on everything there is: each argument of
-- each function of schema booking, also of those that come later, and each
-- column of the bookings, is given every odd value of its type.  What comes
-- back is success or an error of the catalogue; nothing else, and no crash.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';

CREATE TABLE ids (name text PRIMARY KEY, id uuid NOT NULL);
INSERT INTO booking.resources (kind, code, name, capacity) VALUES
	('room', 'room-1', 'Room 1', 1), ('room', 'room-2', 'Room 2', 1), ('hall', 'hall', 'Hall', 10);
INSERT INTO booking.services (code, name, duration, price) VALUES ('massage', 'Massage', '1 hour', 95);
INSERT INTO booking.service_requirements (service_id, kind) VALUES (booking.service_id('massage'), 'room');
INSERT INTO booking.questions (code, prompt) VALUES ('allergies', 'Allergies?');
INSERT INTO ids
SELECT 'service', booking.service_id('massage') UNION ALL
SELECT 'resource', booking.resource_id('room-2') UNION ALL
SELECT 'branch', booking.branch_id('main') UNION ALL
SELECT 'tenant', booking.tenant_id('default') UNION ALL
SELECT 'hold', booking_id FROM booking.hold(booking.service_id('massage'), '2027-03-02 10:00Z', ttl => '1 day') UNION ALL
SELECT 'booking', booking_id FROM booking.book(booking.service_id('massage'), '2027-03-02 12:00Z', '{"name": "Ann"}');
INSERT INTO ids SELECT 'customer', id FROM booking.customers;
CREATE ROLE regress_bad_client;
CREATE ROLE regress_bad_staff;
SELECT booking.grant_access('regress_bad_client', 'client', 'ann'), booking.grant_access('regress_bad_staff', 'staff');
GRANT SELECT ON ids TO PUBLIC;
CREATE FUNCTION id(name text) RETURNS uuid LANGUAGE sql STABLE STRICT
	RETURN (SELECT i.id FROM ids AS i WHERE i.name = id.name);

-- Odd values, by type.
CREATE TABLE odd (type regtype, value text);
INSERT INTO odd SELECT 'uuid', v FROM (VALUES ('NULL'), ('''00000000-0000-0000-0000-000000000000'''),
	('id(''booking'')'), ('id(''service'')'), ('id(''tenant'')')) AS t (v);
INSERT INTO odd SELECT 'uuid[]', v FROM (VALUES ('NULL'), ('''{}'''), ('''{NULL}'''),
	('ARRAY[id(''resource''), id(''resource'')]'), ('ARRAY[ARRAY[id(''resource'')], ARRAY[id(''service'')]]'),
	('array_fill(id(''hold''), ARRAY[2000])'), ('array_fill(NULL::uuid, ARRAY[2, 2])')) AS t (v);
INSERT INTO odd SELECT type, v FROM (VALUES ('NULL'), ('''infinity'''), ('''-infinity'''), ('''epoch'''),
	('''294276-12-31 23:59:59.999999'''), ('''4714-11-24 00:00 BC'''), ('''2027-03-28 01:30''')) AS t (v),
	unnest('{timestamptz,timestamp}'::regtype[]) AS type;
INSERT INTO odd SELECT 'date', v FROM (VALUES ('NULL'), ('''infinity'''), ('''-infinity'''),
	('''5874897-12-31'''), ('''294276-12-31'''), ('''4714-11-24 BC''')) AS t (v);
INSERT INTO odd SELECT 'tstzrange', v FROM (VALUES ('NULL'), ('''empty'''), ('''(,)'''), ('''[-infinity, infinity]'''),
	('''[2027-03-05, infinity)'''), ('''(, 2027-03-05]'''), ('''[4713-01-01 BC, 4713-01-02 BC)'''),
	('''[294276-12-30, 294276-12-31 23:59:59.999999]'''), ('''[4713-01-01 BC, 294276-12-31)'''),
	('''[2027-03-05, 2027-03-05]'''), ('''[2027-01-01, 2038-01-01)''')) AS t (v);
INSERT INTO odd SELECT 'interval', v FROM (VALUES ('NULL'), ('''0'''), ('''-1 second'''), ('''1 month'''),
	('''1 month -30 days'''), ('''178000000 years'''), ('''-178000000 years'''), ('''2147483647 days'''),
	('''-2147483648 days'''), ('''106751991 days'''), ('''0.000001 seconds''')) AS t (v);
INSERT INTO odd SELECT 'integer', v FROM (VALUES ('NULL'), ('0'), ('-1'), ('2147483647'), ('-2147483648')) AS t (v);
INSERT INTO odd SELECT 'bigint', v FROM (VALUES ('NULL'), ('0'), ('-1'), ('9223372036854775807'), ('''-9223372036854775808''')) AS t (v);
INSERT INTO odd SELECT 'numeric', v FROM (VALUES ('NULL'), ('0'), ('-1'), ('0.001'), ('''NaN'''), ('''Infinity'''),
	('''-Infinity'''), ('1e130000'), ('1e-16000')) AS t (v);
INSERT INTO odd SELECT 'boolean', v FROM (VALUES ('NULL'), ('true'), ('false')) AS t (v);
INSERT INTO odd SELECT type, v FROM (VALUES ('NULL'), (''''''), ('''nonsense'''), ('E''a\nb'''), ('E''\x01'''),
	('''"; DROP TABLE booking.bookings; --'''), (''''''';--'''), ('''%s%n$1'''), ('U&''\202E\FFFF'''),
	('repeat(''x'', 1048576)')) AS t (v), unnest('{text,name}'::regtype[]) AS type;
INSERT INTO odd SELECT 'text[]', v FROM (VALUES ('NULL'), ('''{}'''), ('''{NULL}'''), ('''{{a,b},{c,d}}'''),
	('ARRAY[repeat(''x'', 1048576)]'), ('array_fill(''x''::text, ARRAY[10000])')) AS t (v);
INSERT INTO odd SELECT 'jsonb', v FROM (VALUES ('NULL'), ('''null'''), ('''{}'''), ('''[]'''), ('''"x"'''), ('''1'''),
	('''{"a": {"b": [1, {"c": null}]}}'''), ('''[[[]]]'''), ('''{"name": {"name": {}}}'''), ('''{"": ""}'''),
	('''{"name": "a\nb"}'''), ('''{"id": "x"}'''), ('''{"email": "x"}'''), ('''{"allergies": {}}'''),
	('jsonb_build_object(repeat(''x'', 1048576), 1)'), ('jsonb_build_object(''name'', repeat(''x'', 1048576))'),
	('(repeat(''['', 3000) || repeat('']'', 3000))::jsonb'),
	('format(''%s1%s'', repeat(''{"a":'', 3000), repeat(''}'', 3000))::jsonb'),
	('format(''%s{}%s'', repeat(format(''{"%s":'', id(''hold'')), 1000), repeat(''}'', 1000))::jsonb')
	) AS t (v);

-- Values that are fine, by the name of the argument, else by type.
CREATE TABLE fine (name text, type regtype, value text);
INSERT INTO fine VALUES
	('service', 'uuid', 'id(''service'')'), ('services', 'uuid[]', 'ARRAY[id(''service'')]'),
	('booking', 'uuid', 'id(''booking'')'), ('holds', 'uuid[]', 'ARRAY[id(''hold'')]'),
	('resources', 'uuid[]', 'ARRAY[id(''resource'')]'), ('branch', 'uuid', 'id(''branch'')'),
	('tenant', 'uuid', 'id(''tenant'')'), ('customer', 'uuid', 'id(''customer'')'),
	('customer', 'jsonb', '''{"name": "Ann"}'''), ('answers', 'jsonb', '''{"allergies": "none"}'''),
	('starts_at', 'timestamptz', '''2027-03-05 10:00Z'''), ('ends_at', 'timestamptz', '''2027-03-05 11:00Z'''),
	('attendees', 'jsonb', '''[]'''), ('reason', 'text', '''weather'''), ('role', 'text', '''regress_bad_client'''),
	('level', 'text', '''client'''), ('actor_kind', 'text', '''staff'''), ('visibility', 'text', '''staff'''),
	('time_zone', 'text', '''UTC'''), ('expected_total', 'numeric', '95'), ('expected_version', 'integer', '1'),
	('bookings', 'uuid[]', 'ARRAY[id(''booking'')]'), ('strategy', 'text', '''first'''),
	('from_status', 'text', '''held'''), ('to_status', 'text', '''confirmed'''), ('status', 'text', '''held'''),
	(NULL, 'uuid', 'id(''booking'')'), (NULL, 'uuid[]', '''{}'''), (NULL, 'text', '''default'''),
	(NULL, 'text[]', '''{}'''), (NULL, 'jsonb', '''{}'''), (NULL, 'interval', '''1 hour'''), (NULL, 'integer', '1'), (NULL, 'bigint', '1'),
	(NULL, 'numeric', '1'), (NULL, 'boolean', 'true'), (NULL, 'timestamptz', '''2027-03-05 10:00Z'''),
	(NULL, 'timestamp', '''2027-03-05 10:00'''), (NULL, 'date', '''2027-03-05'''),
	(NULL, 'tstzrange', '''[2027-03-05, 2027-03-06)'''), ('resource', 'uuid', 'id(''resource'')'),
	('hours', 'text', '''mon 09:00-17:00''');
CREATE FUNCTION fine(name text, type regtype) RETURNS text LANGUAGE sql STABLE
	RETURN coalesce((SELECT f.value FROM fine AS f WHERE f.name = fine.name AND f.type = fine.type),
					(SELECT f.value FROM fine AS f WHERE f.name IS NULL AND f.type = fine.type), 'NULL');

-- A type nobody has thought of here is to be added above.
SELECT DISTINCT t.oid::regtype AS new_type
  FROM pg_proc AS p, unnest(p.proargtypes) AS t (oid)
 WHERE p.pronamespace = 'booking'::regnamespace AND NOT EXISTS (SELECT FROM odd WHERE odd.type = t.oid);

-- What each function is called with: all null, all fine but one argument that
-- is odd, and all null but one that is fine.  Two functions are left out that
-- are parts of others, create_store() and grant_level(): they take for granted
-- what setup() and grant_access() have looked at.
CREATE TABLE arguments AS
SELECT p.oid::regprocedure AS function, a.n, a.type::regtype AS type,
	   coalesce(p.proargnames[(SELECT k.i FROM (
			SELECT i, row_number() OVER (ORDER BY i) AS input
			  FROM generate_subscripts(coalesce(p.proallargtypes, p.proargtypes::oid[]), 1) AS i
			 WHERE coalesce(p.proargmodes[i], 'i') IN ('i', 'b', 'v')) AS k WHERE k.input = a.n)], '') AS name
  FROM pg_proc AS p, unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, n)
 WHERE p.pronamespace = 'booking'::regnamespace AND p.prorettype <> 'trigger'::regtype
   AND p.proname <> 'grant_level';

CREATE FUNCTION call(function regprocedure, special int, value text, otherwise text) RETURNS text
LANGUAGE sql STABLE RETURN (
	SELECT format('SELECT * FROM booking.%I(%s)', p.proname, string_agg(format('(%s)::%s', CASE
			WHEN a.n = special THEN value
			WHEN otherwise = 'fine' THEN fine(a.name, a.type) ELSE 'NULL' END, a.type), ', ' ORDER BY a.n))
	  FROM pg_proc AS p LEFT JOIN arguments AS a ON a.function = p.oid
	 WHERE p.oid = call.function GROUP BY p.proname);

CREATE TABLE statements AS
SELECT format('SELECT * FROM booking.%I()', proname) AS statement FROM pg_proc
 WHERE pronamespace = 'booking'::regnamespace AND prorettype <> 'trigger'::regtype AND pronargs = 0
   AND proname <> 'create_store' UNION
SELECT call(function, 0, NULL, 'null') FROM arguments UNION
SELECT call(function, 0, NULL, 'fine') FROM arguments UNION
SELECT call(function, a.n::int, fine(a.name, a.type), 'null') FROM arguments AS a UNION
SELECT call(function, a.n::int, o.value, 'fine') FROM arguments AS a JOIN odd AS o ON o.type = a.type;

-- Plain SQL: each column of a changed and of a new booking.  (That an id exists
-- already is said as PostgreSQL says it: ON CONFLICT depends on it.)
INSERT INTO statements
SELECT format('UPDATE booking.bookings SET %I = %s WHERE id = id(%L)', attname, o.value, target)
  FROM pg_attribute AS a JOIN odd AS o ON o.type = a.atttypid, unnest('{hold,booking}'::text[]) AS target
 WHERE a.attrelid = 'booking.bookings'::regclass AND a.attnum > 0 AND a.attgenerated = ''
   AND NOT (a.attname = 'id' AND o.value = 'id(''booking'')');
INSERT INTO statements
SELECT format('INSERT INTO booking.bookings (%s) VALUES (%s)',
			string_agg(quote_ident(c.name), ', '), string_agg(CASE WHEN c.name = a.attname THEN o.value ELSE c.value END, ', '))
  FROM pg_attribute AS a JOIN odd AS o ON o.type = a.atttypid,
	   unnest('{held,confirmed,waitlisted,completed,pending}'::text[]) AS status,
	   LATERAL (VALUES ('service_id', 'id(''service'')'), ('status', quote_literal(status)), ('contact', '''{"name": "Ann"}'''),
			('starts_at', '''2027-03-05 10:00Z'''), (a.attname, NULL)) AS c (name, value)
 WHERE a.attrelid = 'booking.bookings'::regclass AND a.attnum > 0 AND a.attgenerated = ''
   AND NOT (c.value IS NOT NULL AND c.name = a.attname)
   AND NOT (c.name = 'starts_at' AND a.attname = 'local_start')
   AND NOT (a.attname = 'id' AND o.value = 'id(''booking'')')
 GROUP BY a.attname, o.value, status;
SELECT count(*) > 2000 AS many FROM statements;

CREATE TABLE results (caller text, statement text, state text, message text);
GRANT INSERT ON results TO PUBLIC;
GRANT SELECT ON statements TO PUBLIC;

-- Each is undone at once.
CREATE PROCEDURE try_all(caller text) LANGUAGE plpgsql AS $$
DECLARE
	it record;
BEGIN
	FOR it IN SELECT s.statement FROM statements AS s LOOP
		BEGIN
			EXECUTE it.statement;
			RAISE SQLSTATE 'OK000';
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO results VALUES (caller, it.statement, SQLSTATE, SQLERRM);
		END;
	END LOOP;
END
$$;
CREATE FUNCTION fingerprint() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	relation regclass;
	part text;
	result text := '';
BEGIN
	FOR relation IN SELECT oid FROM pg_class
		WHERE relnamespace = 'booking'::regnamespace AND relkind = 'r' ORDER BY relname
	LOOP
		EXECUTE format('SELECT md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s AS t', relation) INTO part;
		result := result || coalesce(part, '-');
	END LOOP;
	RETURN md5(result);
END
$$;
SELECT fingerprint() AS before \gset

CALL try_all('owner');
SET ROLE regress_bad_staff;
CALL try_all('staff');
SET ROLE regress_bad_client;
CALL try_all('client');
RESET ROLE;

-- Nothing but success and errors of the catalogue, in messages of a decent length.
SELECT caller, state, count(*), min(regexp_replace(statement, 'repeat\(.*1048576\)', '<1 MB>')) AS statement,
	   min(left(message, 100)) AS message
  FROM results
 WHERE state NOT IN (SELECT sqlstate FROM booking.error_codes) AND state <> 'OK000'
 GROUP BY caller, state ORDER BY state, caller;
SELECT caller, left(message, 60) AS message, length(message) FROM results WHERE length(message) > 300;

-- Each of the three got somewhere.
SELECT caller, count(*) FILTER (WHERE state = 'OK000') > 200 AS enough_succeeds FROM results GROUP BY caller ORDER BY caller;
SELECT 'unchanged' WHERE fingerprint() = :'before';
SELECT count(*) AS bookings FROM booking.bookings;
