/*
 * ---- the store ----
 *
 * The tables are made by setup() and are not members of the extension: plain
 * pg_dump keeps them, triggers do not fire while a dump is loaded, and DROP
 * EXTENSION cannot take the data along.  Nothing a table keeps (column,
 * generated column, CHECK) may use an object of the extension; only triggers,
 * defaults, views and policies do, and setup() puts those back.
 */

/* guards: trigger functions in C */

CREATE FUNCTION booking.booking_guard() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'booking_booking_guard';
COMMENT ON FUNCTION booking.booking_guard() IS
'The engine: checks every change of a booking and keeps allocations, sessions, orders, audit and outbox in step.';

CREATE FUNCTION booking.derived_guard() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'booking_derived_guard';
COMMENT ON FUNCTION booking.derived_guard() IS
'Refuses changes of what only the engine writes: allocations and the audit trail.';

CREATE FUNCTION booking.config_guard() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'booking_config_guard';
COMMENT ON FUNCTION booking.config_guard() IS
'Fills in tenant, branch and code of configuration rows, checks their settings and zones, and refuses to delete what bookings use.';

CREATE FUNCTION booking.config_changed() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'booking_config_changed';
COMMENT ON FUNCTION booking.config_changed() IS
'Makes all sessions forget the configuration they keep.';

CREATE FUNCTION booking.note_guard() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'booking_note_guard';
COMMENT ON FUNCTION booking.note_guard() IS
'A note added to a booking is a change of the booking: counts it there, and so audits it.';

CREATE FUNCTION booking.store_version() RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'booking_store_version';
COMMENT ON FUNCTION booking.store_version() IS
'The version of the store this library works with; setup() brings the tables to it.';

/* The tables of store version 1. */
CREATE FUNCTION booking.create_store() RETURNS void
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $create_store$
BEGIN
	CREATE TABLE booking.store_state (
		singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
		version integer NOT NULL,
		attached text,
		created_at timestamptz NOT NULL DEFAULT now(),
		updated_at timestamptz NOT NULL DEFAULT now()
	);

	CREATE TABLE booking.sweeps (
		name text PRIMARY KEY,
		era bigint NOT NULL,
		era_began timestamptz NOT NULL,
		tx bigint NOT NULL
	);

	/* who and where */
	CREATE TABLE booking.tenants (
		id uuid PRIMARY KEY,
		code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,25}$'),
		name text NOT NULL CHECK (length(name) <= 200),
		currency text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
		settings jsonb NOT NULL DEFAULT '{}',
		created_at timestamptz NOT NULL DEFAULT now()
	);

	CREATE TABLE booking.branches (
		tenant_id uuid NOT NULL REFERENCES booking.tenants,
		id uuid NOT NULL,
		code text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,25}$'),
		name text NOT NULL CHECK (length(name) <= 200),
		time_zone text NOT NULL DEFAULT 'UTC',
		settings jsonb NOT NULL DEFAULT '{}',
		created_at timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY (tenant_id, id),
		UNIQUE (tenant_id, code)
	);

	CREATE TABLE booking.principals (
		tenant_id uuid NOT NULL REFERENCES booking.tenants,
		role_name name NOT NULL,
		level text NOT NULL CHECK (level IN ('client', 'staff', 'admin', 'auditor')),
		actor text CHECK (length(actor) <= 200),
		roles text[] NOT NULL DEFAULT '{}',
		created_at timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY (tenant_id, role_name)
	);

	CREATE TABLE booking.reason_codes (
		tenant_id uuid NOT NULL REFERENCES booking.tenants ON DELETE CASCADE,
		code text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
		label text NOT NULL,
		active boolean NOT NULL DEFAULT true,
		PRIMARY KEY (tenant_id, code)
	);

	/* what can be occupied and what can be booked */
	CREATE TABLE booking.resources (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		branch_id uuid NOT NULL,
		kind text NOT NULL DEFAULT 'resource' CHECK (kind ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
		code text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
		name text NOT NULL CHECK (length(name) <= 200),
		capacity integer NOT NULL DEFAULT 1 CHECK (capacity >= 1),
		position integer NOT NULL DEFAULT 0,
		owner text CHECK (length(owner) <= 200),
		time_zone text,
		active boolean NOT NULL DEFAULT true,
		settings jsonb NOT NULL DEFAULT '{}',
		created_at timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY (tenant_id, id),
		UNIQUE (tenant_id, code),
		FOREIGN KEY (tenant_id, branch_id) REFERENCES booking.branches
	);
	CREATE INDEX resources_assignment ON booking.resources
		(tenant_id, kind, position, code);

	CREATE TABLE booking.services (
		tenant_id uuid NOT NULL REFERENCES booking.tenants,
		id uuid NOT NULL,
		branch_id uuid,
		code text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
		name text NOT NULL CHECK (length(name) <= 200),
		duration interval NOT NULL CHECK (duration > interval '0'),
		min_duration interval CHECK (min_duration > interval '0'),
		max_duration interval CHECK (max_duration > interval '0'),
		duration_step interval CHECK (duration_step > interval '0'),
		nights boolean NOT NULL DEFAULT false,
		night_starts time NOT NULL DEFAULT '15:00',
		night_ends time NOT NULL DEFAULT '11:00',
		min_nights integer NOT NULL DEFAULT 1 CHECK (min_nights >= 1),
		max_nights integer CHECK (max_nights >= min_nights),
		buffer_before interval NOT NULL DEFAULT '0' CHECK (buffer_before >= interval '0'),
		buffer_after interval NOT NULL DEFAULT '0' CHECK (buffer_after >= interval '0'),
		price numeric NOT NULL DEFAULT 0,
		price_unit text NOT NULL DEFAULT 'fixed'
			CHECK (price_unit IN ('fixed', 'per_hour', 'per_night', 'per_person')),
		tax_rate numeric NOT NULL DEFAULT 0 CHECK (tax_rate BETWEEN 0 AND 100),
		tax_inclusive boolean NOT NULL DEFAULT true,
		currency text CHECK (currency ~ '^[A-Z]{3}$'),
		deposit numeric NOT NULL DEFAULT 0,
		min_party integer NOT NULL DEFAULT 1 CHECK (min_party >= 1),
		max_party integer CHECK (max_party >= min_party),
		active boolean NOT NULL DEFAULT true,
		settings jsonb NOT NULL DEFAULT '{}',
		created_at timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY (tenant_id, id),
		UNIQUE (tenant_id, code),
		FOREIGN KEY (tenant_id, branch_id) REFERENCES booking.branches
	);

	CREATE TABLE booking.service_requirements (
		tenant_id uuid NOT NULL,
		service_id uuid NOT NULL,
		kind text NOT NULL CHECK (kind ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
		quantity integer NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 100),
		units integer NOT NULL DEFAULT 1 CHECK (units >= 1),
		adjacent boolean NOT NULL DEFAULT false,
		buffer_before interval CHECK (buffer_before >= interval '0'),
		buffer_after interval CHECK (buffer_after >= interval '0'),
		PRIMARY KEY (tenant_id, service_id, kind),
		FOREIGN KEY (tenant_id, service_id) REFERENCES booking.services ON DELETE CASCADE
	);

	CREATE TABLE booking.service_resources (
		tenant_id uuid NOT NULL,
		service_id uuid NOT NULL,
		resource_id uuid NOT NULL,
		PRIMARY KEY (tenant_id, service_id, resource_id),
		FOREIGN KEY (tenant_id, service_id) REFERENCES booking.services ON DELETE CASCADE,
		FOREIGN KEY (tenant_id, resource_id) REFERENCES booking.resources ON DELETE CASCADE
	);

	/*
	 * When it is open, in wall time.  What closes at or before its opening does
	 * so the day after.
	 */
	CREATE TABLE booking.hours (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		branch_id uuid,
		resource_id uuid,
		weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
		opens time NOT NULL,
		closes time NOT NULL CHECK (closes <> opens),
		valid_from date,
		valid_until date CHECK (valid_until >= valid_from),
		PRIMARY KEY (tenant_id, id),
		FOREIGN KEY (tenant_id, branch_id) REFERENCES booking.branches ON DELETE CASCADE,
		FOREIGN KEY (tenant_id, resource_id) REFERENCES booking.resources ON DELETE CASCADE,
		CONSTRAINT hours_have_one_owner CHECK (num_nonnulls(branch_id, resource_id) = 1)
	);
	CREATE INDEX hours_branch ON booking.hours (tenant_id, branch_id)
		WHERE branch_id IS NOT NULL;
	CREATE INDEX hours_resource ON booking.hours (tenant_id, resource_id)
		WHERE resource_id IS NOT NULL;

	CREATE TABLE booking.date_overrides (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		branch_id uuid,
		resource_id uuid,
		day date NOT NULL CHECK (isfinite(day)),
		opens time,
		closes time CHECK (closes <> opens),
		reason text CHECK (length(reason) <= 200),
		PRIMARY KEY (tenant_id, id),
		FOREIGN KEY (tenant_id, branch_id) REFERENCES booking.branches ON DELETE CASCADE,
		FOREIGN KEY (tenant_id, resource_id) REFERENCES booking.resources ON DELETE CASCADE,
		CONSTRAINT date_overrides_have_one_owner
			CHECK (num_nonnulls(branch_id, resource_id) = 1),
		CONSTRAINT date_overrides_open_and_close CHECK ((opens IS NULL) = (closes IS NULL))
	);
	CREATE INDEX date_overrides_branch ON booking.date_overrides (tenant_id, branch_id)
		WHERE branch_id IS NOT NULL;
	CREATE INDEX date_overrides_resource ON booking.date_overrides (tenant_id, resource_id)
		WHERE resource_id IS NOT NULL;

	CREATE TABLE booking.closures (
		tenant_id uuid NOT NULL REFERENCES booking.tenants ON DELETE CASCADE,
		id uuid NOT NULL,
		branch_id uuid,
		resource_id uuid,
		starts_at timestamptz,
		ends_at timestamptz CHECK (ends_at > starts_at),
		local_start timestamp CHECK (isfinite(local_start)),
		local_end timestamp CHECK (isfinite(local_end) AND local_end > local_start),
		repeats text CHECK (repeats IN ('daily', 'weekly')),
		repeat_until date CHECK (repeat_until >= local_start::date),
		kind text NOT NULL DEFAULT 'closure' CHECK (kind IN ('closure', 'out_of_office')),
		reason text CHECK (length(reason) <= 200),
		PRIMARY KEY (tenant_id, id),
		FOREIGN KEY (tenant_id, branch_id) REFERENCES booking.branches ON DELETE CASCADE,
		FOREIGN KEY (tenant_id, resource_id) REFERENCES booking.resources ON DELETE CASCADE,
		CONSTRAINT closures_have_one_owner CHECK (num_nonnulls(branch_id, resource_id) <= 1),
		CONSTRAINT closures_are_instants_or_local CHECK (
			num_nulls(starts_at, ends_at, local_start, local_end) = 2
			AND (starts_at IS NULL) = (ends_at IS NULL)),
		CONSTRAINT closures_repeat_in_local_time CHECK (
			(repeats IS NULL OR local_start IS NOT NULL)
			AND (repeat_until IS NULL OR repeats IS NOT NULL)
			AND local_end - local_start <=
				CASE repeats WHEN 'daily' THEN interval '1 day' WHEN 'weekly' THEN interval '7 days' END)
	);
	CREATE INDEX closures_owner ON booking.closures (tenant_id, resource_id, branch_id);
	CREATE INDEX closures_branch ON booking.closures (tenant_id, branch_id)
		WHERE branch_id IS NOT NULL;

	CREATE TABLE booking.resource_zones (
		tenant_id uuid NOT NULL,
		resource_id uuid NOT NULL,
		valid_from date NOT NULL CHECK (isfinite(valid_from)),
		time_zone text NOT NULL,
		PRIMARY KEY (tenant_id, resource_id, valid_from),
		FOREIGN KEY (tenant_id, resource_id) REFERENCES booking.resources ON DELETE CASCADE
	);

	/* whom it is for */
	CREATE TABLE booking.customers (
		tenant_id uuid NOT NULL REFERENCES booking.tenants,
		id uuid NOT NULL,
		email text CHECK (length(email) <= 254),
		email_key text GENERATED ALWAYS AS (lower(btrim(email))) STORED,
		name text CHECK (length(name) <= 200),
		phone text CHECK (length(phone) <= 64),
		locale text CHECK (length(locale) <= 35),
		notify boolean NOT NULL DEFAULT true,
		actor text CHECK (length(actor) <= 200),
		created_at timestamptz NOT NULL DEFAULT now(),
		updated_at timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY (tenant_id, id),
		UNIQUE (tenant_id, email_key)
	);
	CREATE INDEX customers_actor ON booking.customers (tenant_id, actor)
		WHERE actor IS NOT NULL;

	CREATE TABLE booking.questions (
		tenant_id uuid NOT NULL REFERENCES booking.tenants,
		id uuid NOT NULL,
		service_id uuid,
		code text CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
		prompt text NOT NULL CHECK (length(prompt) BETWEEN 1 AND 1000),
		type text NOT NULL DEFAULT 'text'
			CHECK (type IN ('text', 'number', 'choice', 'boolean', 'date')),
		options text[] CHECK (type <> 'choice' OR coalesce(cardinality(options), 0) > 0),
		required boolean NOT NULL DEFAULT false,
		position integer NOT NULL DEFAULT 0,
		active boolean NOT NULL DEFAULT true,
		PRIMARY KEY (tenant_id, id),
		UNIQUE (tenant_id, code),
		FOREIGN KEY (tenant_id, service_id) REFERENCES booking.services ON DELETE CASCADE
	);

	CREATE TABLE booking.answers (
		tenant_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		question_id uuid NOT NULL,
		value jsonb NOT NULL,
		created_at timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY (tenant_id, booking_id, question_id),
		FOREIGN KEY (tenant_id, question_id) REFERENCES booking.questions
	);

	/*
	 * Checks of the busy tables.  PostgreSQL parses the expression of a CHECK
	 * anew for each statement, which takes 10 us for a list of ten names.  A
	 * domain's constraint is kept by the session, and of a cast to an enum only
	 * the cast is parsed.  All of these are ordinary objects, like the tables.
	 */
	CREATE DOMAIN booking.slot AS tstzrange CONSTRAINT slot_is_finite CHECK (
		NOT isempty(VALUE) AND isfinite(lower(VALUE)) AND isfinite(upper(VALUE))
		AND lower_inc(VALUE) AND NOT upper_inc(VALUE));
	EXECUTE format('CREATE TYPE booking.booking_status AS ENUM (%s)',
		(SELECT string_agg(quote_literal(s.status), ', ' ORDER BY s.position)
		   FROM booking.statuses() AS s));

	/*
	 * The bookings, with the columns in the order in which the library inserts
	 * them, which is faster.  No index here may mention status: a status change would
	 * no longer be a HOT update.  The guard keeps during in step with starts_at
	 * and ends_at: the expression of a generated column is parsed by each
	 * statement, like that of a CHECK.
	 */
	CREATE TABLE booking.bookings (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		branch_id uuid NOT NULL,
		service_id uuid NOT NULL,
		status text NOT NULL,
		starts_at timestamptz NOT NULL,
		ends_at timestamptz NOT NULL,
		during tstzrange NOT NULL,
		resource_ids uuid[] NOT NULL,
		units integer NOT NULL,
		customer_id uuid,
		expires_at timestamptz,
		version integer NOT NULL,
		reason_code text,
		previous_status text,
		hold_ttl interval,
		held_at timestamptz,
		wanted tstzrange,
		joined_at timestamptz,
		local_start timestamp NOT NULL,
		time_zone text NOT NULL,
		price numeric NOT NULL,
		tax numeric NOT NULL,
		currency text NOT NULL,
		order_id uuid,
		booked_by text,
		contact jsonb,
		title text,
		description text,
		attendees jsonb,
		party_size integer NOT NULL,
		note_count integer NOT NULL,
		metadata jsonb NOT NULL,
		channel text,
		conversation text,
		actor text,
		actor_kind text NOT NULL,
		request_id uuid NOT NULL,
		overrides text[],
		change_metadata jsonb,
		created_at timestamptz NOT NULL,
		updated_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, id),
		CONSTRAINT bookings_status_check CHECK (status::booking.booking_status IS NOT NULL)
	) WITH (fillfactor = 85);
	/* what lapses is in the one, what stands in the other: a hold pays for one */
	CREATE INDEX bookings_starts_at ON booking.bookings (tenant_id, branch_id, starts_at)
		WHERE expires_at IS NULL;
	CREATE INDEX bookings_expires_at ON booking.bookings (tenant_id, expires_at)
		WHERE expires_at IS NOT NULL;
	CREATE INDEX bookings_customer ON booking.bookings (tenant_id, customer_id, starts_at)
		WHERE customer_id IS NOT NULL;

	/* What is occupied now, derived from the bookings by their guard. */
	CREATE TABLE booking.allocations (
		tenant_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		resource_id uuid NOT NULL,
		during booking.slot NOT NULL,
		units integer NOT NULL,
		exclusive boolean NOT NULL,
		expires_at timestamptz,
		PRIMARY KEY (tenant_id, booking_id, resource_id),
		CONSTRAINT allocations_no_overlap EXCLUDE USING gist
			(tenant_id WITH =, resource_id WITH =, during WITH &&) WHERE (exclusive)
	) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
			autovacuum_vacuum_cost_delay = 0);
	CREATE INDEX allocations_shared ON booking.allocations
		USING gist (tenant_id, resource_id, during) WHERE (NOT exclusive);

	/*
	 * Who waits, derived from the bookings by their guard: wanted is when the
	 * slot may lie, reach what it could occupy then.
	 */
	CREATE TABLE booking.waiting (
		tenant_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		branch_id uuid NOT NULL,
		service_id uuid NOT NULL,
		resource_ids uuid[] NOT NULL,
		wanted tstzrange NOT NULL,
		reach tstzrange NOT NULL,
		joined_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, booking_id)
	);
	CREATE INDEX waiting_reach ON booking.waiting USING gist (tenant_id, reach);

	/* Time that became free while who waits for it could not be had. */
	CREATE TABLE booking.vacancies (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		resource_id uuid,
		during tstzrange NOT NULL,
		noted_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, id)
	);

	/* When a resource was last chosen for a service: they take turns. */
	CREATE TABLE booking.turns (
		tenant_id uuid NOT NULL,
		service_id uuid NOT NULL,
		resource_id uuid NOT NULL,
		turn bigint NOT NULL,
		PRIMARY KEY (tenant_id, service_id, resource_id)
	) WITH (fillfactor = 50);

	/* what follows from a booking */
	CREATE TABLE booking.service_sessions (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		booking_id uuid NOT NULL,
		status text NOT NULL,
		scheduled_from timestamptz NOT NULL,
		scheduled_until timestamptz NOT NULL,
		resource_ids uuid[] NOT NULL,
		checked_in_at timestamptz,
		started_at timestamptz,
		completed_at timestamptz,
		no_show_at timestamptz,
		cancelled_at timestamptz,
		created_at timestamptz NOT NULL,
		updated_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, booking_id)
	) WITH (fillfactor = 85);

	CREATE DOMAIN booking.order_status AS text CONSTRAINT order_status_is_known CHECK
		(VALUE IN ('open', 'voided'));
	CREATE DOMAIN booking.amount AS numeric CONSTRAINT amount_is_not_negative CHECK (VALUE >= 0);
	CREATE TABLE booking.orders (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		customer_id uuid,
		status booking.order_status NOT NULL,
		currency text NOT NULL,
		total booking.amount NOT NULL,
		tax_total booking.amount NOT NULL,
		created_at timestamptz NOT NULL,
		updated_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, id)
	);

	CREATE TABLE booking.order_items (
		tenant_id uuid NOT NULL,
		order_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		description text NOT NULL,
		amount booking.amount NOT NULL,
		tax booking.amount NOT NULL,
		deposit booking.amount NOT NULL,
		voided_at timestamptz,
		PRIMARY KEY (tenant_id, order_id, booking_id),
		FOREIGN KEY (tenant_id, order_id) REFERENCES booking.orders
	);

	/*
	 * What was paid for a booking.  A provider's reference is recorded once;
	 * refund_effect is the row of the outbox that asks to send it back.
	 */
	CREATE TABLE booking.payments (
		tenant_id uuid NOT NULL REFERENCES booking.tenants,
		id uuid NOT NULL,
		booking_id uuid NOT NULL,
		order_id uuid,
		provider text NOT NULL,
		reference text NOT NULL,
		amount booking.amount NOT NULL,
		currency text NOT NULL,
		status text NOT NULL CHECK (status IN ('received', 'refund_due', 'refunded')),
		outcome text NOT NULL
			CHECK (outcome IN ('covered', 'partial', 'recorded', 'refund_due')),
		refund_effect uuid,
		recorded_by text,
		recorded_at timestamptz NOT NULL,
		updated_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, id),
		UNIQUE (tenant_id, provider, reference)
	);
	CREATE INDEX payments_booking ON booking.payments (tenant_id, booking_id);

	CREATE TABLE booking.notes (
		tenant_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		id uuid NOT NULL,
		body text NOT NULL,
		visibility text NOT NULL DEFAULT 'staff'
			CHECK (visibility IN ('author', 'staff', 'customer')),
		author text,
		created_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, booking_id, id)
	);

	/* history */
	CREATE TABLE booking.audit_log (
		tenant_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		version integer NOT NULL,
		branch_id uuid NOT NULL,
		session_id uuid,
		request_id uuid NOT NULL,
		actor text,
		actor_kind text NOT NULL,
		role text NOT NULL,
		channel text,
		action text NOT NULL,
		status text NOT NULL,
		old_values jsonb,
		new_values jsonb NOT NULL,
		private_digest bytea,
		reason_code text,
		reversible boolean NOT NULL,
		overrides text[],
		metadata jsonb,
		at timestamptz NOT NULL,
		tx bigint NOT NULL,
		/* stands for the actor where he was erased */
		actor_digest bytea,
		PRIMARY KEY (tenant_id, booking_id, version)
	);
	/*
	 * One index for all that searches the trail: what is written at one time lies
	 * together.  A btree would cost each booking an entry.
	 */
	CREATE INDEX audit_log_ranges ON booking.audit_log USING brin (
			tenant_id uuid_bloom_ops (n_distinct_per_range = 100),
			tx, at,
			actor text_bloom_ops (n_distinct_per_range = 1000, false_positive_rate = 0.002),
			action text_bloom_ops (n_distinct_per_range = 32),
			branch_id uuid_bloom_ops (n_distinct_per_range = 100))
		WITH (pages_per_range = 32, autosummarize = on);

	CREATE TABLE booking.audit_private (
		tenant_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		version integer NOT NULL,
		salt bytea NOT NULL,
		private_values jsonb NOT NULL,
		PRIMARY KEY (tenant_id, booking_id, version)
	);

	/* where else a booking stands */
	CREATE TABLE booking.external_refs (
		tenant_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		provider text NOT NULL CHECK (provider ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
		external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 1024),
		managed boolean NOT NULL DEFAULT false,
		data jsonb,
		created_at timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY (tenant_id, booking_id, provider),
		UNIQUE (tenant_id, provider, external_id)
	);

	/* whose personal data was erased, and how much there was */
	CREATE TABLE booking.erasures (
		tenant_id uuid NOT NULL REFERENCES booking.tenants,
		id uuid NOT NULL,
		customer_id uuid NOT NULL,
		bookings integer NOT NULL,
		notes integer NOT NULL,
		answers integer NOT NULL,
		audit_values integer NOT NULL,
		erased_by text,
		erased_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, id)
	);

	/*
	 * Seals: each lists rows of a tenant's trail, in their order, with a digest of
	 * each, under a hash that the next one continues.
	 */
	CREATE TABLE booking.audit_seals (
		tenant_id uuid NOT NULL,
		seal_no bigint NOT NULL,
		era bigint NOT NULL,
		from_tx bigint NOT NULL,
		to_tx bigint NOT NULL,
		horizon bigint NOT NULL,
		row_count integer NOT NULL,
		booking_ids uuid[] NOT NULL,
		versions integer[] NOT NULL,
		leaves bytea NOT NULL,
		prev_hash bytea NOT NULL,
		hash bytea NOT NULL,
		sealed_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, seal_no)
	);
	/* there is nothing to gain by compressing ids and digests */
	ALTER TABLE booking.audit_seals ALTER booking_ids SET STORAGE EXTERNAL,
		ALTER leaves SET STORAGE EXTERNAL;
	/* which seals may list a row of such a transaction */
	CREATE INDEX audit_seals_transactions ON booking.audit_seals
		USING gist (int8range(from_tx, to_tx, '[]'));

	/* Which bookings' sealed rows have to do with a resource. */
	CREATE TABLE booking.audit_resources (
		tenant_id uuid NOT NULL,
		resource_id uuid NOT NULL,
		last_at timestamptz NOT NULL,
		seal_no bigint NOT NULL,
		first_at timestamptz NOT NULL,
		booking_ids uuid[] NOT NULL,
		PRIMARY KEY (tenant_id, resource_id, last_at, seal_no)
	);

	/* What keeps the digests of actors from being guessed. */
	CREATE TABLE booking.audit_salts (
		tenant_id uuid PRIMARY KEY,
		salt bytea NOT NULL
	);

	/* side effects to deliver */
	CREATE DOMAIN booking.effect_status AS text CONSTRAINT effect_status_is_known CHECK
		(VALUE IN ('queued', 'leased', 'sent', 'failed', 'cancelled', 'dead'));
	CREATE TABLE booking.outbox (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		booking_id uuid NOT NULL,
		topic text NOT NULL,
		event text NOT NULL,
		booking_version integer NOT NULL,
		status booking.effect_status NOT NULL DEFAULT 'queued',
		due_at timestamptz NOT NULL,
		attempts integer NOT NULL DEFAULT 0,
		created_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, id)
	);
	CREATE INDEX outbox_booking ON booking.outbox (tenant_id, booking_id);

	/*
	 * Undo tokens: what a token is compared with, never the token itself.  The
	 * version is the one that the change to undo has left behind.
	 */
	CREATE TABLE booking.undo_tokens (
		tenant_id uuid NOT NULL,
		booking_id uuid NOT NULL,
		version integer NOT NULL,
		secret_hash bytea NOT NULL,
		batch_id uuid,
		issued_to text,
		issued_at timestamptz NOT NULL,
		expires_at timestamptz NOT NULL,
		used_at timestamptz,
		PRIMARY KEY (tenant_id, booking_id, version)
	);
	CREATE INDEX undo_tokens_batch ON booking.undo_tokens (tenant_id, batch_id)
		WHERE batch_id IS NOT NULL;

	CREATE TABLE booking.undo_batches (
		tenant_id uuid NOT NULL,
		id uuid NOT NULL,
		secret_hash bytea NOT NULL,
		issued_to text,
		issued_at timestamptz NOT NULL,
		expires_at timestamptz NOT NULL,
		used_at timestamptz,
		PRIMARY KEY (tenant_id, id)
	);

	/* what commands answered that were called under a key of the caller's */
	CREATE TABLE booking.idempotency_keys (
		tenant_id uuid NOT NULL,
		actor text NOT NULL,
		key text NOT NULL,
		command text NOT NULL,
		arguments bytea NOT NULL,
		result jsonb NOT NULL,
		created_at timestamptz NOT NULL,
		expires_at timestamptz NOT NULL,
		PRIMARY KEY (tenant_id, actor, key)
	);
	CREATE INDEX idempotency_keys_expires_at ON booking.idempotency_keys
		(tenant_id, expires_at);

	INSERT INTO booking.store_state (version) VALUES (1);
END
$create_store$;
COMMENT ON FUNCTION booking.create_store() IS
'Part of setup(): makes the tables.';
