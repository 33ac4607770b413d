-- The context (T2, K8): on whose behalf a change is made, for a transaction, a
-- session or up to a savepoint; and when a statement may say it itself.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, capacity) VALUES ('hall', 'Hall', 1000);
INSERT INTO booking.services (id, name, duration) VALUES ('00000000-0000-0000-0001-000000000001', 'Tour', '1 hour');
INSERT INTO booking.customers (id, name) VALUES ('00000000-0000-0000-0002-000000000001', 'Ann');
SELECT booking.service_id('tour') AS tour, '00000000-0000-0000-0002-000000000001' AS ann,
	   '00000000-0000-0000-0003-000000000001' AS r1, '00000000-0000-0000-0003-000000000002' AS r2 \gset
CREATE VIEW who AS SELECT actor, actor_kind, roles, channel, request_id, conversation, branch FROM booking.whoami();
-- the last change of every booking, newest last
CREATE VIEW log AS
	SELECT a.version, a.action, a.actor, a.actor_kind, a.channel, a.request_id, a.metadata FROM booking.audit_log AS a
	 WHERE a.version = (SELECT max(version) FROM booking.audit_log AS m WHERE m.booking_id = a.booking_id);

---- without a context: the sole tenant, and the owner is the system ----

SELECT access_level, tenant = booking.tenant_id('default') AS default_tenant, actor, actor_kind, roles, branch,
	channel,
	   request_id, conversation FROM booking.whoami();

---- for a transaction, for a session ----

BEGIN;
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', roles => '{manager,"front desk"}', channel => 'web',
	request_id => :'r1', conversation => 'c-1') \gset _
SELECT * FROM who;
COMMIT;
SELECT * FROM who;
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
BEGIN;
-- what is left out is forgotten, not inherited
SELECT booking.set_context(channel => 'sms') \gset _
SELECT * FROM who;
ROLLBACK;
SELECT * FROM who;
-- a session's context set in a transaction that fails was never set
BEGIN;
SELECT booking.set_context(actor => 'tom', session => true) \gset _
SELECT 1/0;
ROLLBACK;
SELECT actor FROM who;

---- up to a savepoint ----

BEGIN;
SELECT booking.set_context(actor => 'outer') \gset _
SAVEPOINT s;
SELECT booking.set_context(actor => 'inner') \gset _
SELECT actor FROM who;
ROLLBACK TO s;
SELECT actor FROM who;
SAVEPOINT t;
SELECT booking.set_context(actor => 'kept') \gset _
RELEASE t;
SELECT actor FROM who;
COMMIT;
SELECT actor FROM who;
-- the settings under it can be used directly, which is no way around anything
SET booking.actor = 'uma';
SELECT actor, actor_kind FROM who;
RESET booking.actor;
SELECT booking.set_context(session => true) \gset _
SELECT actor, actor_kind FROM who;

---- what makes no sense ----

SELECT booking.set_context(actor_kind => 'boss');
\echo :SQLSTATE
SELECT booking.set_context(actor => E'a\nb');
\echo :SQLSTATE
SELECT booking.set_context(actor => repeat('x', 201));
SELECT booking.set_context(channel => repeat('x', 41));
SELECT booking.set_context(tenant => '00000000-0000-0000-0000-0000000000ee') \gset _
BEGIN;
SELECT booking.set_context(tenant => '00000000-0000-0000-0000-0000000000ee') \gset _
SELECT booking.hold(:'tour', '2027-03-01 10:00Z');
\echo :SQLSTATE
ROLLBACK;

---- what a change carries: from the context ----

BEGIN;
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', channel => 'staff_console',
	request_id => :'r1', conversation => 'c-9') \gset _
SELECT booking_id AS b FROM booking.hold(:'tour', '2027-03-01 10:00Z') \gset
SELECT status FROM booking.checkout(ARRAY[:'b']::uuid[], jsonb_build_object('id', :'ann'));
COMMIT;
SELECT * FROM log;
SELECT booked_by, conversation, actor, actor_kind, channel, request_id FROM booking.bookings WHERE id = :'b';
-- without a request id each change gets one of its own
SELECT version FROM booking.reschedule(:'b', '2027-03-01 11:00Z');
SELECT version FROM booking.reschedule(:'b', '2027-03-01 12:00Z');
SELECT actor, actor_kind, count(DISTINCT request_id) AS requests FROM booking.audit_log GROUP BY 1, 2 ORDER BY 1;

---- by the statement itself: when it sets a new request_id ----

UPDATE booking.bookings SET title = 'A', request_id = :'r1', actor = 'web-42', actor_kind = 'customer',
	channel = 'web',
	change_metadata = '{"ip": "10.0.0.1"}', customer_id = :'ann' WHERE id = :'b';
\echo :SQLSTATE
UPDATE booking.customers SET actor = 'web-42';
UPDATE booking.bookings SET title = 'A', request_id = :'r1', actor = 'web-42', actor_kind = 'customer',
	channel = 'web',
	change_metadata = '{"ip": "10.0.0.1"}' WHERE id = :'b';
SELECT * FROM log;
-- without a new request_id the columns are not believed: the context is
UPDATE booking.bookings SET title = 'B', actor = 'mallory', actor_kind = 'customer', channel = 'fax' WHERE id = :'b';
SELECT actor, actor_kind, channel, request_id = :'r1' AS same_request, metadata FROM log;
-- an ORM that writes the whole row back does not inherit the last actor
UPDATE booking.bookings SET title = 'C', request_id = :'r2', actor = 'web-42', actor_kind = 'customer',
	channel = 'web',
	change_metadata = '{"ip": "10.0.0.1"}' WHERE id = :'b';
CREATE TEMP TABLE orm AS SELECT * FROM booking.bookings WHERE id = :'b';
UPDATE booking.bookings AS b SET title = 'D', actor = o.actor, actor_kind = o.actor_kind, channel = o.channel,
	request_id = o.request_id, change_metadata = o.change_metadata, overrides = o.overrides, version = o.version,
	status = o.status, starts_at = o.starts_at, ends_at = o.ends_at, resource_ids = o.resource_ids,
	booked_by = o.booked_by, created_at = o.created_at, updated_at = o.updated_at, local_start = o.local_start,
	time_zone = o.time_zone, metadata = o.metadata FROM orm AS o WHERE b.id = o.id;
SELECT version, actor, actor_kind, channel, request_id = :'r2' AS same_request, metadata FROM log;
-- what it left out comes from the context
BEGIN;
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', channel => 'staff_console') \gset _
UPDATE booking.bookings SET title = 'E', request_id = :'r1' WHERE id = :'b' RETURNING channel;
UPDATE booking.bookings SET title = 'F', request_id = :'r2', actor = NULL, actor_kind = NULL, channel = NULL
	WHERE id = :'b';
COMMIT;
SELECT actor, actor_kind, channel, request_id FROM log;
-- saying who without changing anything changes nothing
UPDATE booking.bookings SET request_id = :'r1', actor = 'mallory', change_metadata = '{"a": 1}', updated_at = '2000-01-01'
 WHERE id = :'b' RETURNING actor, request_id = :'r2' AS same_request, change_metadata, version, updated_at;
UPDATE booking.bookings SET title = 'G', request_id = :'r1', actor_kind = 'boss' WHERE id = :'b';
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, starts_at, request_id, actor, actor_kind)
	VALUES (:'tour', '2027-03-02 10:00Z', :'r2', 'web-7', 'customer') RETURNING booked_by, actor_kind;
-- booked_by and the like are not written by anybody
UPDATE booking.bookings SET booked_by = 'mallory', created_at = '2000-01-01', held_at = NULL, title = 'H'
	WHERE id = :'b'
	RETURNING booked_by, created_at, held_at;

UPDATE booking.bookings SET booked_by = 'mallory', time_zone = 'Asia/Tokyo', previous_status = 'held' WHERE id = :'b'
	RETURNING booked_by, time_zone, version = (SELECT max(version) FROM booking.audit_log WHERE booking_id = :'b') AS no_new_version;

---- staff that acts for a customer has the customer's rights ----

BEGIN;
SELECT booking.set_context(actor => 'bob', actor_kind => 'customer') \gset _
SELECT booking.has_access('staff') AS staff, booking.has_access('client') AS client;
SELECT booking.cancel(:'b', 'customer_request');
\echo :SQLSTATE
ROLLBACK;

---- a change by nobody can be forbidden ----

SET booking.require_actor = on;
SELECT booking.cancel(:'b', 'customer_request');
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, starts_at) VALUES (:'tour', '2027-03-02 10:00Z');
\echo :SQLSTATE
BEGIN;
SELECT booking.set_context(actor => 'sue') \gset _
SELECT status FROM booking.cancel(:'b', 'customer_request');
COMMIT;
RESET booking.require_actor;

---- two tenants: which one has to be said ----

INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
SELECT booking.hold(:'tour', '2027-03-03 10:00Z');
\echo :SQLSTATE
SELECT booking.current_tenant() IS NULL AS unclear;
SELECT version FROM booking.hold(:'tour', '2027-03-03 10:00Z', tenant => booking.tenant_id('default'));
SELECT booking.hold(:'tour', '2027-03-03 11:00Z', tenant => booking.tenant_id('other'));
BEGIN;
SELECT booking.set_context(tenant => booking.tenant_id('default')) \gset _
SELECT version FROM booking.hold(:'tour', '2027-03-03 10:00Z');
COMMIT;

---- roles: what the database says counts for more ----

CREATE ROLE regress_context_clerk;
SELECT booking.grant_access('regress_context_clerk', 'staff', 'clerk', '{desk}', booking.tenant_id('default')) \gset _
SET ROLE regress_context_clerk;
BEGIN;
SELECT booking.set_context(tenant => booking.tenant_id('default'), actor => 'sue', actor_kind => 'system',
	roles => '{boss}') \gset _
SELECT access_level, actor, actor_kind, roles, tenant IS NOT NULL AS tenant FROM booking.whoami();
COMMIT;
INSERT INTO booking.bookings (service_id, starts_at, request_id, actor, actor_kind)
	VALUES (:'tour', '2027-03-04 10:00Z', :'r2', 'sue', 'system') RETURNING booked_by, actor, actor_kind;
SET booking.now = '2027-03-01 10:00Z';
RESET ROLE;
-- one that grant_access() does not know is nobody, whatever it says and was granted
CREATE ROLE regress_context_stranger;
GRANT USAGE ON SCHEMA booking TO regress_context_stranger;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA booking TO regress_context_stranger;
GRANT ALL ON ALL TABLES IN SCHEMA booking TO regress_context_stranger;
SET ROLE regress_context_stranger;
BEGIN;
SELECT booking.set_context(tenant => booking.tenant_id('default'), actor => 'sue', actor_kind => 'staff', roles => '{boss}') \gset _
SELECT access_level, actor, actor_kind, roles, tenant IS NOT NULL AS tenant FROM booking.whoami();
SELECT booking.has_access('staff') AS staff, booking.current_actor() AS actor;
INSERT INTO booking.bookings (service_id, starts_at, request_id, actor, actor_kind)
	VALUES (:'tour', '2027-03-05 10:00Z', :'r2', 'sue', 'staff');
\echo :SQLSTATE
ROLLBACK;
RESET ROLE;
DROP OWNED BY regress_context_stranger;
DROP ROLE regress_context_stranger;
SELECT booking.revoke_access('regress_context_clerk') \gset _
SET ROLE regress_context_clerk;
SELECT booking.whoami();
RESET ROLE;
DROP ROLE regress_context_clerk;
