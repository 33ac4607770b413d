-- The price of a service fits its currency: its own, else the tenant's.

\set VERBOSITY sqlstate
UPDATE booking.tenants SET currency = 'JPY';
INSERT INTO booking.services (name, duration, price) VALUES ('yen', '1 hour', 900);
INSERT INTO booking.services (name, duration, price) VALUES ('half a yen', '1 hour', 0.5);
INSERT INTO booking.services (name, duration, price, currency) VALUES ('cents', '1 hour', 0.5, 'USD');
UPDATE booking.tenants SET currency = 'KWD';
INSERT INTO booking.services (name, duration, price) VALUES ('fils', '1 hour', 1.125);
INSERT INTO booking.services (name, duration, price) VALUES ('less', '1 hour', 1.1255);
UPDATE booking.services SET price = 0.125 WHERE code = 'cents';

-- booked as they are
INSERT INTO booking.resources (code, name) VALUES ('room', 'Room');
SELECT status, price, currency FROM booking.book(booking.service_id('fils'),
	'2030-01-01 10:00', '{"name": "A"}');
SELECT status, price, currency FROM booking.book(booking.service_id('cents'),
	'2030-01-01 12:00', '{"name": "A"}');

-- a tenant that does not exist is refused for that
INSERT INTO booking.services (tenant_id, name, duration, price)
	VALUES ('00000000-0000-0000-0000-000000000000', 'nowhere', '1 hour', 1.5);
