/*
 * ---- setup ----
 *
 * What hangs on the extension: defaults, triggers, policies and views.  DROP
 * EXTENSION ... CASCADE takes just these away; setup() puts them back.
 */

CREATE FUNCTION booking.attach_store() RETURNS void
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
	SET client_min_messages = warning
AS $attach_store$
DECLARE
	name text;
	rule record;
BEGIN
	/* triggers */
	CREATE OR REPLACE TRIGGER booking_guard
		BEFORE INSERT OR UPDATE ON booking.bookings
		FOR EACH ROW EXECUTE FUNCTION booking.booking_guard();
	CREATE OR REPLACE TRIGGER booking_guard_after
		AFTER INSERT OR UPDATE OR DELETE ON booking.bookings
		FOR EACH ROW EXECUTE FUNCTION booking.booking_guard();
	CREATE OR REPLACE TRIGGER booking_guard_statement
		AFTER INSERT OR UPDATE ON booking.bookings
		FOR EACH STATEMENT EXECUTE FUNCTION booking.booking_guard();
	CREATE OR REPLACE TRIGGER booking_guard_truncate
		BEFORE TRUNCATE ON booking.bookings
		FOR EACH STATEMENT EXECUTE FUNCTION booking.booking_guard();

	CREATE OR REPLACE TRIGGER derived_guard
		BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.allocations
		FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('write');
	CREATE OR REPLACE TRIGGER derived_guard
		BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.waiting
		FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('write');
	CREATE OR REPLACE TRIGGER derived_guard
		BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.vacancies
		FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('write');
	CREATE OR REPLACE TRIGGER derived_guard
		BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.turns
		FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('write');
	CREATE OR REPLACE TRIGGER derived_guard
		BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.audit_log
		FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('append');
	CREATE OR REPLACE TRIGGER derived_guard
		BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.audit_private
		FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('append');
	CREATE OR REPLACE TRIGGER derived_guard
		BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.payments
		FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('write');
	CREATE OR REPLACE TRIGGER derived_guard
		BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.erasures
		FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard('append');
	/* history stays history even where ordinary triggers are switched off */
	ALTER TABLE booking.audit_log ENABLE ALWAYS TRIGGER derived_guard;
	ALTER TABLE booking.audit_private ENABLE ALWAYS TRIGGER derived_guard;
	FOREACH name IN ARRAY ARRAY['audit_seals', 'audit_resources', 'audit_salts'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER derived_guard
			BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON booking.%I
			FOR EACH STATEMENT EXECUTE FUNCTION booking.derived_guard(''append'')', name);
		EXECUTE format('ALTER TABLE booking.%I ENABLE ALWAYS TRIGGER derived_guard', name);
	END LOOP;

	CREATE OR REPLACE TRIGGER note_guard
		BEFORE INSERT ON booking.notes
		FOR EACH ROW EXECUTE FUNCTION booking.note_guard();
	CREATE OR REPLACE TRIGGER note_guard_after
		AFTER INSERT ON booking.notes
		FOR EACH ROW EXECUTE FUNCTION booking.note_guard();

	FOREACH name IN ARRAY ARRAY['tenants', 'branches', 'principals', 'reason_codes',
		'resources', 'services', 'service_requirements', 'service_resources', 'hours',
		'date_overrides', 'closures', 'resource_zones', 'customers', 'questions', 'answers',
		'external_refs']
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER config_guard
			BEFORE INSERT OR UPDATE ON booking.%I
			FOR EACH ROW EXECUTE FUNCTION booking.config_guard()', name);
		EXECUTE format('CREATE OR REPLACE TRIGGER config_guard_after
			AFTER INSERT OR UPDATE OR DELETE ON booking.%I
			FOR EACH ROW EXECUTE FUNCTION booking.config_guard()', name);
		EXECUTE format('CREATE OR REPLACE TRIGGER config_guard_truncate
			BEFORE TRUNCATE ON booking.%I
			FOR EACH STATEMENT EXECUTE FUNCTION booking.config_guard()', name);
	END LOOP;

	/* sessions keep rows of these; always: replicated changes count too */
	FOREACH name IN ARRAY ARRAY['tenants', 'branches', 'principals', 'resources', 'services',
		'service_requirements', 'service_resources', 'hours', 'date_overrides', 'closures',
		'resource_zones']
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER config_changed
			AFTER INSERT OR UPDATE OR DELETE ON booking.%I
			FOR EACH ROW EXECUTE FUNCTION booking.config_changed()', name);
		EXECUTE format('CREATE OR REPLACE TRIGGER config_truncated
			AFTER TRUNCATE ON booking.%I
			FOR EACH STATEMENT EXECUTE FUNCTION booking.config_changed()', name);
		EXECUTE format('ALTER TABLE booking.%I ENABLE ALWAYS TRIGGER config_changed,
			ENABLE ALWAYS TRIGGER config_truncated', name);
	END LOOP;

	/*
	 * Row security.  One policy a table and verb: who sees a row, and who may
	 * write it.  What exactly may be written, the guards decide.
	 */
	FOR rule IN SELECT * FROM (VALUES
		('tenants', 'SELECT', 'id = (SELECT booking.current_tenant())', NULL),
		('tenants', 'UPDATE', 'id = (SELECT booking.current_tenant())', 'admin'),
		('branches', 'SELECT', '', NULL),
		('branches', 'ALL', '', 'admin'),
		('principals', 'ALL', '', 'admin'),
		('reason_codes', 'SELECT', '', NULL),
		('reason_codes', 'ALL', '', 'admin'),
		('resources', 'SELECT', '', NULL),
		('resources', 'ALL', '', 'admin'),
		('services', 'SELECT', '', NULL),
		('services', 'ALL', '', 'admin'),
		('service_requirements', 'SELECT', '', NULL),
		('service_requirements', 'ALL', '', 'admin'),
		('service_resources', 'SELECT', '', NULL),
		('service_resources', 'ALL', '', 'admin'),
		('hours', 'SELECT', '', NULL),
		('hours', 'ALL', '', 'admin'),
		('date_overrides', 'SELECT', '', NULL),
		('date_overrides', 'ALL', '', 'admin'),
		('closures', 'SELECT', '(SELECT booking.has_access(''auditor''))', NULL),
		('closures', 'ALL', '', 'staff'),
		('resource_zones', 'SELECT', '', NULL),
		('resource_zones', 'ALL', '', 'admin'),
		('questions', 'SELECT', '', NULL),
		('questions', 'ALL', '', 'admin'),
		('customers', 'SELECT', 'actor = (SELECT booking.current_actor()) OR (SELECT booking.has_access(''staff''))', NULL),
		('customers', 'ALL', '', 'staff'),
		('answers', 'SELECT', 'EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = answers.tenant_id AND b.id = answers.booking_id)', NULL),
		('answers', 'ALL', '', 'staff'),
		('bookings', 'ALL', '(SELECT booking.has_access(''staff'')) OR booked_by = (SELECT booking.current_actor()) OR customer_id = ANY ((SELECT booking.current_customers())::uuid[]) OR resource_ids && (SELECT booking.owned_resources())', NULL),
		('bookings', 'SELECT', '(SELECT booking.has_access(''auditor''))', NULL),
		('allocations', 'SELECT', '', 'staff'),
		('turns', 'SELECT', '', 'staff'),
		('waiting', 'SELECT', 'EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = waiting.tenant_id AND b.id = waiting.booking_id)', NULL),
		('vacancies', 'SELECT', '', 'staff'),
		('service_sessions', 'SELECT', 'EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = service_sessions.tenant_id AND b.id = service_sessions.booking_id)', NULL),
		('orders', 'SELECT', 'EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = orders.tenant_id AND b.order_id = orders.id)', NULL),
		('order_items', 'SELECT', 'EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = order_items.tenant_id AND b.id = order_items.booking_id)', NULL),
		('payments', 'SELECT', 'EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = payments.tenant_id AND b.id = payments.booking_id)', NULL),
		('notes', 'SELECT', 'CASE visibility WHEN ''author'' THEN author = (SELECT booking.current_actor()) WHEN ''staff'' THEN (SELECT booking.has_access(''staff'')) ELSE EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = notes.tenant_id AND b.id = notes.booking_id) END', NULL),
		('notes', 'INSERT', 'EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = notes.tenant_id AND b.id = notes.booking_id)', NULL),
		('audit_log', 'SELECT', '(SELECT booking.has_access(''auditor'')) OR (SELECT booking.has_access(''staff''))', NULL),
		('audit_private', 'SELECT', '', 'auditor'),
		('external_refs', 'ALL', '', 'staff'),
		('external_refs', 'SELECT', '(SELECT booking.has_access(''auditor''))', NULL),
		('erasures', 'SELECT', '', 'auditor'),
		('audit_seals', 'SELECT', '(SELECT booking.has_access(''auditor'')) OR (SELECT booking.has_access(''staff''))', NULL),
		('audit_resources', 'SELECT', '(SELECT booking.has_access(''auditor'')) OR (SELECT booking.has_access(''staff''))', NULL),
		('audit_salts', 'SELECT', 'false', NULL),
		('outbox', 'SELECT', '', 'admin'),
		('undo_tokens', 'SELECT', '', 'admin'),
		('undo_batches', 'SELECT', '', 'admin'),
		('idempotency_keys', 'SELECT', '', 'admin'),
		('store_state', 'SELECT', 'true', NULL),
		('sweeps', 'SELECT', 'true', 'admin')
		) AS r (relation, verb, condition, level)
	LOOP
		EXECUTE format('ALTER TABLE booking.%I ENABLE ROW LEVEL SECURITY', rule.relation);
		EXECUTE format('DROP POLICY IF EXISTS %I ON booking.%I',
					   'booking_' || lower(rule.verb), rule.relation);
		rule.condition := concat_ws(' AND ',
			CASE WHEN rule.relation NOT IN ('tenants', 'store_state', 'sweeps')
				THEN 'tenant_id = (SELECT booking.current_tenant())' END,
			'(' || nullif(rule.condition, '') || ')',
			format('(SELECT booking.has_access(%L))', rule.level::text));
		IF rule.level IS NULL THEN
			rule.condition := replace(rule.condition, ' AND (SELECT booking.has_access(NULL))', '');
		END IF;
		EXECUTE format('CREATE POLICY %I ON booking.%I FOR %s %s (%s)',
					   'booking_' || lower(rule.verb), rule.relation, rule.verb,
					   CASE WHEN rule.verb = 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END,
					   rule.condition);
	END LOOP;

	/* views */
	CREATE OR REPLACE VIEW booking.error_codes AS
		SELECT * FROM booking.error_catalogue();
	COMMENT ON VIEW booking.error_codes IS
	'Every error a client can meet: its name, SQLSTATE, HTTP status, and whether trying again may help.';

	CREATE OR REPLACE VIEW booking.transitions AS
		SELECT * FROM booking.transition_catalogue();
	COMMENT ON VIEW booking.transitions IS
	'Which status can follow which, by which command, and what it takes.';

	CREATE OR REPLACE VIEW booking.settings AS
		SELECT * FROM booking.setting_catalogue();
	COMMENT ON VIEW booking.settings IS
	'Every setting: its type, unit, default, bounds and the levels it can be set at.';

	CREATE OR REPLACE VIEW booking.holds WITH (security_invoker = true) AS
		SELECT b.tenant_id, b.id AS booking_id, b.branch_id, b.service_id, b.resource_ids,
			b.starts_at, b.ends_at, b.units, b.booked_by, b.held_at, b.expires_at,
			CASE
				WHEN b.status = 'held' AND b.expires_at > booking.now() THEN
					CASE WHEN b.order_id IS NULL THEN 'active' ELSE 'converted' END
				WHEN b.status = 'held' OR b.reason_code = 'hold_expired' THEN 'expired'
				WHEN b.reason_code = 'hold_released' THEN 'released'
				ELSE 'converted'
			END AS state
		FROM booking.bookings AS b
		WHERE b.held_at IS NOT NULL;
	COMMENT ON VIEW booking.holds IS
	'Every booking that began as a hold, with the state of the hold: active, expired (swept or not), released or converted.';

	CREATE OR REPLACE VIEW booking.current_bookings WITH (security_invoker = true) AS
		/* by name: with b.*, a column that a user adds could not be dropped again */
		SELECT b.tenant_id, b.id, b.branch_id, b.service_id, b.status, b.starts_at, b.ends_at,
			b.during, b.resource_ids, b.units, b.customer_id, b.expires_at, b.version,
			b.reason_code, b.previous_status, b.hold_ttl, b.held_at, b.wanted, b.joined_at,
			b.local_start, b.time_zone,
			b.price, b.tax, b.currency, b.order_id, b.booked_by, b.contact, b.title, b.description,
			b.attendees, b.party_size, b.note_count, b.metadata, b.channel, b.conversation,
			b.actor, b.actor_kind, b.request_id, b.overrides, b.change_metadata, b.created_at,
			b.updated_at, s.name AS service, r.resources
		FROM booking.bookings AS b
		JOIN booking.services AS s ON s.tenant_id = b.tenant_id AND s.id = b.service_id
		CROSS JOIN LATERAL (
			SELECT array_agg(x.code ORDER BY x.kind, x.position, x.code) AS resources
			FROM booking.resources AS x
			WHERE x.tenant_id = b.tenant_id AND x.id = ANY (b.resource_ids)) AS r
		WHERE b.status NOT IN ('cancelled', 'no_show')
		  AND NOT (b.status = 'held' AND b.expires_at <= booking.now());
	COMMENT ON VIEW booking.current_bookings IS
	'Bookings that stand, with the name of the service and the codes of the resources; cancelled ones, no-shows and expired holds are left out.';

	CREATE OR REPLACE VIEW booking.waitlist WITH (security_invoker = true) AS
		SELECT b.tenant_id, b.id AS booking_id, b.branch_id, b.service_id, s.name AS service,
			b.starts_at, b.ends_at, b.wanted, b.resource_ids, b.units, b.party_size,
			b.customer_id, b.booked_by, w.joined_at, b.expires_at,
			booking.waitlist_position(b.id, b.tenant_id) AS position
		FROM booking.waiting AS w
		JOIN booking.bookings AS b ON b.tenant_id = w.tenant_id AND b.id = w.booking_id
		JOIN booking.services AS s ON s.tenant_id = b.tenant_id AND s.id = b.service_id
		WHERE b.status = 'waitlisted' AND b.expires_at > booking.now();
	COMMENT ON VIEW booking.waitlist IS
	'Who waits: for which slot, or for any within wanted, since when, and at which position of the queue.';

	CREATE OR REPLACE VIEW booking.disturbed WITH (security_invoker = true) AS
		WITH taken AS (
			SELECT a.tenant_id, a.resource_id, a.booking_id, a.units, b.service_id, b.status,
				b.starts_at, b.ends_at, lower(a.during::tstzrange) AS taken_from,
				/* who is still being served takes it until now */
				CASE b.status WHEN 'being_served'
					THEN greatest(upper(a.during::tstzrange), booking.now())
					ELSE upper(a.during::tstzrange) END AS taken_until
			FROM booking.allocations AS a
			JOIN booking.bookings AS b ON b.tenant_id = a.tenant_id AND b.id = a.booking_id
			WHERE a.expires_at IS NULL OR a.expires_at > booking.now()
		), marks AS (
			SELECT t.tenant_id, t.resource_id, t.taken_from AS at, t.units FROM taken AS t
			UNION ALL
			SELECT t.tenant_id, t.resource_id, t.taken_until, -t.units FROM taken AS t
		), levels AS (
			SELECT m.tenant_id, m.resource_id, m.at, lead(m.at) OVER w AS until,
				sum(sum(m.units)) OVER w AS units
			FROM marks AS m GROUP BY m.tenant_id, m.resource_id, m.at
			WINDOW w AS (PARTITION BY m.tenant_id, m.resource_id ORDER BY m.at)
		), excess AS (
			SELECT l.tenant_id, l.resource_id, l.at, l.until, l.units, r.capacity
			FROM levels AS l
			JOIN booking.resources AS r ON r.tenant_id = l.tenant_id AND r.id = l.resource_id
			WHERE l.units > r.capacity
		), standing AS (
			SELECT t.tenant_id, t.resource_id, t.booking_id, t.service_id, t.starts_at,
				t.ends_at, t.taken_from, t.taken_until
			FROM taken AS t
			WHERE t.status <> 'completed' AND t.ends_at > booking.now()
		)
		SELECT s.tenant_id, s.booking_id, s.resource_id, 'resource_inactive' AS reason,
			NULL::text AS detail, s.starts_at, s.ends_at
		FROM standing AS s
		JOIN booking.resources AS r ON r.tenant_id = s.tenant_id AND r.id = s.resource_id
		WHERE NOT r.active
		UNION ALL
		SELECT s.tenant_id, s.booking_id, s.resource_id, 'over_capacity',
			format('%s of %s units are taken', max(e.units), max(e.capacity)),
			s.starts_at, s.ends_at
		FROM standing AS s
		JOIN excess AS e ON e.tenant_id = s.tenant_id AND e.resource_id = s.resource_id
			AND e.at < s.taken_until AND e.until > s.taken_from
		GROUP BY s.tenant_id, s.booking_id, s.resource_id, s.starts_at, s.ends_at
		UNION ALL
		SELECT s.tenant_id, s.booking_id, s.resource_id, h.reason, h.detail,
			s.starts_at, s.ends_at
		FROM standing AS s
		CROSS JOIN LATERAL booking.hours_breach(s.tenant_id, s.service_id, s.resource_id,
			s.starts_at, s.ends_at, s.taken_from, s.taken_until) AS h;
	COMMENT ON VIEW booking.disturbed IS
	'Bookings that stand, are not over, and could not be made now: reason is closure, outside_hours, resource_inactive or over_capacity (capacity was lowered, or somebody is still being served); detail is the closure''s reason, or how much is taken.';
END
$attach_store$;
COMMENT ON FUNCTION booking.attach_store() IS
'Part of setup(): makes triggers, row security and views, or puts them back.';

CREATE FUNCTION booking.attachments() RETURNS text
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, pg_temp
AS $attachments$
	SELECT encode(sha256(convert_to(string_agg(part, E'\n' ORDER BY part COLLATE "C"), 'UTF8')), 'hex')
	  FROM (
		SELECT p.prosrc FROM pg_proc AS p
		 WHERE p.pronamespace = 'booking'::regnamespace
		   AND p.proname IN ('attach_store', 'comment_store')
		UNION ALL
		SELECT concat(t.tgenabled, pg_get_triggerdef(t.oid)) FROM pg_trigger AS t
		  JOIN pg_class AS c ON c.oid = t.tgrelid AND c.relnamespace = 'booking'::regnamespace
		  JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = t.tgfoid
		   AND d.deptype = 'e'
		UNION ALL
		SELECT p::text FROM pg_policies AS p
		 WHERE p.schemaname = 'booking' AND p.policyname LIKE 'booking\_%'
		UNION ALL
		SELECT concat(c.relname, c.relrowsecurity, c.reloptions,
					  CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END)
		  FROM pg_class AS c
		 WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'v')
		) AS parts (part)
$attachments$;
COMMENT ON FUNCTION booking.attachments() IS
'Part of setup(): a digest of what attach_store() makes, as it is now.';

CREATE FUNCTION booking.setup(
	tenant text DEFAULT 'default',
	branch text DEFAULT 'main',
	time_zone text DEFAULT NULL)
	RETURNS text
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $setup$
DECLARE
	had integer;
	the_tenant uuid;
	result text;
BEGIN
	/* one at a time; on a new store there is no table to lock yet */
	PERFORM pg_advisory_xact_lock(hashtextextended('booking.setup', 0));
	IF to_regclass('booking.store_state') IS NULL THEN
		PERFORM booking.create_store();
		result := format('store created, version %s', booking.store_version());
	ELSE
		SELECT version INTO had FROM booking.store_state;
		IF had > booking.store_version() THEN
			RAISE EXCEPTION USING
				ERRCODE = 'ZB010',
				MESSAGE = format('the booking store is of version %s, newer than the library (%s)',
								 had, booking.store_version()),
				HINT = 'Install the library that made it, or a newer one.';
		END IF;
		UPDATE booking.store_state
		   SET version = booking.store_version(), updated_at = now()
		 WHERE version <> booking.store_version();
		result := format('store is up to date, version %s', booking.store_version());
	END IF;

	/* what is as it should be is not locked, so that clients can go on */
	IF had IS DISTINCT FROM booking.store_version() OR
		(SELECT attached FROM booking.store_state) IS DISTINCT FROM booking.attachments() THEN
		PERFORM booking.attach_store();
		PERFORM booking.comment_store();
		UPDATE booking.store_state SET attached = booking.attachments();
	END IF;

	/* something to book in: one tenant with one branch */
	IF NOT EXISTS (SELECT FROM booking.tenants) THEN
		INSERT INTO booking.tenants (code, name) VALUES (setup.tenant, initcap(setup.tenant))
			RETURNING id INTO the_tenant;
		INSERT INTO booking.branches (tenant_id, code, name, time_zone)
			VALUES (the_tenant, setup.branch, initcap(setup.branch),
					coalesce(setup.time_zone, current_setting('TimeZone')));
	END IF;

	PERFORM booking.grant_level(p.role_name::text, p.level)
	   FROM booking.principals AS p
	   JOIN pg_catalog.pg_roles AS r ON r.rolname = p.role_name;
	PERFORM booking.register_store();
	RETURN result;
END
$setup$;
COMMENT ON FUNCTION booking.setup(text, text, text) IS
'Makes the store, brings an older one up to date, and puts back what DROP EXTENSION took away. Can be run at any time. On a new store it also makes a tenant with one branch, named by the arguments; time_zone is the branch''s IANA zone, by default the server''s.';

/* What psql's \d+ shows. */
CREATE FUNCTION booking.comment_store() RETURNS void
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $comment_store$
DECLARE
	comment record;
BEGIN
	FOR comment IN SELECT * FROM (VALUES
		('store_state', 'The version of the store.'),
		('sweeps', 'How far the background worker''s sweeps have come.'),
		('tenants', 'Businesses that share this database and see nothing of each other.'),
		('branches', 'Places of a tenant, each with its IANA time zone.'),
		('principals', 'What grant_access() gave to database roles, and whom they act for.'),
		('reason_codes', 'Reasons a tenant gives for cancellations and no-shows.'),
		('resources', 'What can be occupied: people, rooms, lanes, equipment. capacity is how many units can be booked at the same time, owner is its organizer.'),
		('services', 'What can be booked. A name and a duration are enough; buffers are kept free around the slot, the price is in the service''s or the tenant''s currency.'),
		('service_requirements', 'What a service needs: so many resources of a kind (adjacent: at consecutive positions), so many units of each shared one per unit of the booking, and buffers of their own (null: the service''s).'),
		('service_resources', 'Who may provide a service. A kind of which nothing is listed is free to choose.'),
		('hours', 'Weekly opening hours of a branch or a resource, in local time; weekday 1 is Monday, what closes at or before its opening does so the day after. Without any, it is open around the clock.'),
		('date_overrides', 'Hours of one date, instead of the weekly ones; without opens and closes it is closed all day.'),
		('closures', 'When a tenant, branch or resource is closed: instants, or local times that may repeat daily or weekly.'),
		('resource_zones', 'Changes of a resource''s time zone, from a local date on.'),
		('customers', 'Whom bookings are for; actor links one to somebody who logs in.'),
		('questions', 'What checkout asks, for every service or for one.'),
		('answers', 'What was answered, by booking.'),
		('bookings', 'The bookings. INSERT, UPDATE and COPY obey the same rules as the functions; DELETE is refused.'),
		('allocations', 'What is occupied now, derived from the bookings by their guard.'),
		('waiting', 'Who waits for which time, derived from the bookings by their guard; view waitlist shows it.'),
		('vacancies', 'Time that became free while whoever waits for it was busy elsewhere; promote_waiting() and the worker give it away.'),
		('turns', 'Where resources take turns (assignment = round_robin): the one with the lowest turn is next, or one that has none yet.'),
		('service_sessions', 'What happened to a booking on the day, with times.'),
		('orders', 'What is to be paid, one per checkout.'),
		('order_items', 'The bookings on an order.'),
		('payments', 'What was paid for bookings, by the provider''s reference: received, refund_due or refunded.'),
		('notes', 'Notes on bookings, visible to their author, to staff, or to the customer too.'),
		('audit_log', 'Every change of every booking; append-only.'),
		('audit_private', 'Audited values that may hold personal data, apart so that they can be erased.'),
		('audit_resources', 'Which bookings'' sealed audit rows have to do with a resource; for audit_search().'),
		('audit_salts', 'A secret of each tenant, for the digests of actors in seals.'),
		('audit_seals', 'Seals of the audit trail: which rows, in their order, under a hash that continues the one before.'),
		('erasures', 'Whose personal data was erased, when, by whom, and how many rows there were.'),
		('external_refs', 'Where else bookings stand: the id an external calendar has for each. What is managed by a calendar is moved, amended and cancelled by actors of kind calendar alone.'),
		('idempotency_keys', 'What commands answered that were called under an idempotency key, and a digest of their arguments.'),
		('outbox', 'Side effects to deliver.'),
		('undo_tokens', 'Changes that can be undone, with the hash of the token that does it.'),
		('undo_batches', 'Bulk changes that can be undone as a whole; undo_tokens has their bookings.')
		) AS c (relation, description)
	LOOP
		EXECUTE format('COMMENT ON TABLE booking.%I IS %L', comment.relation, comment.description);
	END LOOP;

	FOR comment IN SELECT * FROM (VALUES
		('status', 'waitlisted, held, pending, confirmed, pending_cancellation, checked_in, being_served, completed, no_show or cancelled.'),
		('during', 'The slot as a range: follows from starts_at and ends_at, or says them where a statement sets it alone.'),
		('resource_ids', 'What the booking takes; left out, the engine chooses what the service needs.'),
		('units', 'How many units of each shared resource.'),
		('order_id', 'What it is on to be paid. A held booking with an order is checked out and waits for its deposit.'),
		('wanted', 'Of who waits: the time in which the slot may lie; null: exactly the slot.'),
		('joined_at', 'When it joined the waiting list, or moved to the end of another queue.'),
		('expires_at', 'When the status lapses: of a hold, of a request waiting for approval or for cancellation, of a place on the waiting list. In a hold, null means now plus hold_ttl.'),
		('version', 'Counts the changes. An UPDATE that states another version than the current or the next is refused.'),
		('reason_code', 'Why it was cancelled or a no-show; a code of reason_codes.'),
		('local_start', 'The start as wall-clock time in time_zone; setting it moves the booking.'),
		('price', 'What is to be paid, with tax. Fixed when the slot is taken; calculated anew when what it is counted by (length, nights, party, service) changes.'),
		('tax', 'The part of price that is tax.'),
		('booked_by', 'The actor who made the booking.'),
		('contact', 'What the customer said about himself at checkout.'),
		('request_id', 'The request of the last change. A statement that sets a new one may also set actor, actor_kind, channel and change_metadata; otherwise these come from set_context().')
		) AS c (attribute, description)
	LOOP
		EXECUTE format('COMMENT ON COLUMN booking.bookings.%I IS %L',
					   comment.attribute, comment.description);
	END LOOP;
END
$comment_store$;
COMMENT ON FUNCTION booking.comment_store() IS
'Part of setup(): describes the tables.';
