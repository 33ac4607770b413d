-- What text and amounts may look like: e-mail addresses, one-line fields,
-- bodies, codes, currencies.  Seen through the functions and tables that take
-- them.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (code, name, capacity) VALUES ('hall', 'Hall', 1000);
INSERT INTO booking.services (code, name, duration) VALUES ('visit', 'Visit', '1 hour');

CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	about text;
BEGIN
	EXECUTE statement INTO result;
	RAISE SQLSTATE 'OK000';
EXCEPTION
	WHEN SQLSTATE 'OK000' THEN
		RETURN 'ok ' || coalesce(result, '');
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
		RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(about, ''));
END
$$;

/* ---- e-mail addresses ---- */

CREATE FUNCTION email(address text) RETURNS text LANGUAGE sql RETURN
	replace(try(format('WITH b AS (SELECT * FROM booking.book(booking.service_id(''visit''), ''2027-03-02 10:00Z'', %L))
		SELECT price FROM b', jsonb_build_object('email', address))), 'ok 0', 'ok');
SELECT address, email(address) FROM unnest(ARRAY[
	'a@b.co', 'Ann.Smith+tag@example.org', 'ann_smith-1@mail.example.org', 'o''neill@example.org', '#!$%&*/=?^`{|}~@example.org',
	'ann@xn--bcher-kva.example', 'jörg@bücher.example', '用户@例子.广告', '  ann@example.org ', E'\tann@example.org\n', '1@2.3',
	'ann@sub.sub.sub.example.org', 'ANN@EXAMPLE.ORG']) AS address;
SELECT address, email(address) FROM unnest(ARRAY[
	'', ' ', 'ann', '@', 'ann@', '@example.org', 'ann@example', 'ann@@example.org', 'ann@ex@mple.org', 'ann smith@example.org',
	'ann@exam ple.org', '.ann@example.org', 'ann.@example.org', 'a..n@example.org', 'ann@.org', 'ann@example.', 'ann@example..org',
	'ann@-example.org', 'ann@example-.org', 'ann@exa_mple.org', 'ann@[127.0.0.1]', '"ann"@example.org', 'ann@example.org, bob@example.org',
	'ann@example.org;bob@example.org', 'Ann <ann@example.org>', '<ann@example.org>', 'ann(home)@example.org', 'ann\@example.org',
	'mailto:ann@example.org', 'ann:x@example.org']) AS address;
-- Nothing that would start another header line, or that can't be seen.
SELECT name, email(address) FROM (VALUES ('line feed', E'ann@example.org\nBcc: all@example.org'), ('carriage return', E'ann\r@example.org'),
	('tab', E'a\tb@example.org'), ('escape', E'a\x1bb@example.org'), ('no-break space', U&'a\00A0b@example.org'),
	('zero-width space', U&'a\200Bb@example.org'), ('line separator', U&'ann@example\2028.org'), ('next line', U&'ann@example.org\0085x'),
	('byte order mark', U&'\FEFFann@example.org')) AS t (name, address);
-- Lengths count bytes here, as mail does.
SELECT local, domain, email(repeat('x', local) || '@' || repeat('y', domain) || '.org')
  FROM (VALUES (64, 1), (65, 1), (1, 63), (1, 64)) AS t (local, domain);
SELECT length(address), email(address) FROM (VALUES ('xx@' || repeat('y.', 124) || 'org'), ('x@' || repeat('y.', 125) || 'org')) AS t (address);
SELECT email(repeat('ü', 32) || '@example.org'), email(repeat('ü', 33) || '@example.org');
-- The same rules in the table, where spaces and case make no second customer.
INSERT INTO booking.customers (email) VALUES ('ann@example');
INSERT INTO booking.customers (email) VALUES (' Ann@Example.org') RETURNING email, email_key;
\set VERBOSITY sqlstate
INSERT INTO booking.customers (email) VALUES ('ann@example.ORG ');
\set VERBOSITY default
SELECT status FROM booking.book(booking.service_id('visit'), '2027-03-02 10:00Z', '{"email": "ANN@example.org", "name": "Ann"}');
SELECT email, name FROM booking.customers;

/* ---- one line ---- */

CREATE FUNCTION line(field text, value text) RETURNS text LANGUAGE sql RETURN
	replace(try(format('SELECT price FROM booking.book(booking.service_id(''visit''), ''2027-03-02 10:00Z'', %L, title => %L)',
		CASE WHEN field = 'title' THEN jsonb_build_object('name', 'x') ELSE jsonb_build_object('email', 'x@example.org', field, value) END,
		CASE WHEN field = 'title' THEN value END)), 'ok 0', 'ok');
SELECT field, line(field, ''), line(field, 'Søren "x" <b>Æ</b> ''; DROP TABLE booking.bookings; -- 🎉')
  FROM unnest('{title,name,phone}'::text[]) AS field;
SELECT name, line('title', value) FROM (VALUES ('line feed', E'a\nb'), ('carriage return', E'a\rb'), ('tab', E'a\tb'), ('bell', E'a\x07'),
	('delete', E'a\x7f'), ('next line', U&'a\0085b'), ('C1', U&'a\0090'), ('line separator', U&'ab\2028c'), ('paragraph separator', U&'a\2029'),
	('no-break space', U&'a\00A0b'), ('right to left', U&'\05D0\05D1')) AS t (name, value);
-- Lengths count characters, not bytes.
SELECT field, length, line(field, repeat('ü', length))
  FROM (VALUES ('title', 200), ('title', 201), ('name', 200), ('name', 201), ('phone', 64), ('phone', 65), ('locale', 35), ('locale', 36)) AS t (field, length);
SELECT try(format('SELECT booking.set_context(actor => %L)', repeat('ü', 200))) AS longest,
	   try(format('SELECT booking.set_context(actor => %L)', repeat('ü', 201))) AS longer;
SELECT try(format('SELECT booking.set_context(channel => %L)', repeat('ü', 40))) AS longest,
	   try(format('SELECT booking.set_context(channel => %L)', repeat('ü', 41))) AS longer;

/* ---- several lines ---- */

CREATE FUNCTION body(value text) RETURNS text LANGUAGE sql RETURN
	replace(try(format('SELECT price FROM booking.book(booking.service_id(''visit''), ''2027-03-02 10:00Z'', ''{"name": "x"}'', description => %L)', value)), 'ok 0', 'ok');
SELECT body(E'one\ntwo\r\n\tthree'), body(''), body(E'a\x1b[31m'), body(U&'a\0085b'), body(E'a\x7f');
SELECT length, body(repeat('ü', length)) FROM (VALUES (10000), (10001)) AS t (length);

/* ---- what says who somebody is, by plain SQL ---- */

SELECT contact, replace(try(format('INSERT INTO booking.bookings (service_id, starts_at, status, contact)
	VALUES (booking.service_id(''visit''), ''2027-03-02 10:00Z'', ''confirmed'', %L) RETURNING price', contact)), 'ok 0', 'ok') AS answer
  FROM unnest('{"{\"name\": \"Ann\"}", "{}", "[]", "1", "{\"name\": \"a\\nb\"}", "{\"nmae\": \"Ann\"}", "{\"email\": \"ann\"}", "{\"name\": {\"x\": 1}}", "{\"id\": \"1\"}"}'::jsonb[]) AS contact;
SELECT status FROM booking.book(booking.service_id('visit'), '2027-03-02 11:00Z', '{"name": "Bob"}');
UPDATE booking.bookings SET contact = '{"name": "a\nb"}' WHERE starts_at = '2027-03-02 11:00Z';
UPDATE booking.bookings SET contact = '{"name": "Rob"}', customer_id = NULL WHERE starts_at = '2027-03-02 11:00Z' RETURNING contact;
-- Somebody has to be coming.
UPDATE booking.bookings SET contact = NULL WHERE starts_at = '2027-03-02 11:00Z';

/* ---- codes ---- */

SELECT name, try(format('INSERT INTO booking.services (name, duration) VALUES (%L, ''1 hour'') RETURNING code', name)) AS code
  FROM unnest(ARRAY['60-minute Swedish', '  Cut & Colour!! ', 'ÄÖÜ', 'Ünder', '---', 'a', repeat('long name ', 8)]) AS name;
SELECT code, regexp_replace(try(format('INSERT INTO booking.branches (code, name) VALUES (%L, ''x'') RETURNING code', code)), ' \|.*', '') AS branch
  FROM unnest(ARRAY['a', repeat('a', 26), repeat('a', 27), '', 'A', '-a', 'a-', 'a_b', 'a.b', 'a b', 'ä', E'a\n']) AS code;

/* ---- amounts and currencies ---- */

SELECT price, currency, try(format('INSERT INTO booking.services (code, name, duration, price, currency) VALUES (''x'', ''X'', ''1 hour'', %L, %L)
	RETURNING price', price, currency)) AS answer
  FROM (VALUES ('0', 'USD'), ('95', 'USD'), ('95.10', 'USD'), ('95.100', 'EUR'), ('95.001', 'USD'), ('95', 'JPY'), ('95.0', 'JPY'), ('95.5', 'JPY'),
	('1.234', 'KWD'), ('1.2345', 'KWD'), ('1.2345', 'CLF'), ('0.01', 'XAF'), ('-1', 'USD'), ('-0', 'USD'), ('NaN', 'USD'), ('Infinity', 'USD'),
	('1e100', 'USD'), ('1e-3', 'USD'), ('12345678901234567890.12', 'USD'), ('1', 'usd'), ('1', 'US'), ('1', 'USDX'), ('1', ''), ('1', 'ÄÖÜ'), ('1', 'QQQ'), ('1.001', NULL)) AS t (price, currency);
-- Staff may name a price; it has to be one.
SELECT price, currency, try(format('INSERT INTO booking.bookings (service_id, starts_at, price, currency)
	VALUES (booking.service_id(''visit''), ''2027-03-02 10:00Z'', %L, %L) RETURNING price || currency', price, currency)) AS answer
  FROM (VALUES ('12.50', NULL), ('12.505', NULL), ('12.5', 'JPY'), ('12', 'JPY'), ('-1', NULL), ('NaN', NULL), ('1', 'jpy'), (NULL, 'KWD')) AS t (price, currency);
-- A price has the decimals of the currency that a tenant's services have by default, too.
UPDATE booking.tenants SET currency = 'JPY';
UPDATE booking.services SET price = 10.50 WHERE code = 'visit';
SELECT status FROM booking.book(booking.service_id('visit'), '2027-03-02 12:00Z', '{"name": "Ann"}');
