/* ---- codes ---- */

CREATE FUNCTION booking.tenant_id(code text) RETURNS uuid
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_tenant_id';
COMMENT ON FUNCTION booking.tenant_id(text) IS 'The id of the tenant with this code. Error: ZB002.';

CREATE FUNCTION booking.branch_id(code text) RETURNS uuid
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_branch_id';
COMMENT ON FUNCTION booking.branch_id(text) IS 'The id of the tenant''s branch with this code. Error: ZB002.';

CREATE FUNCTION booking.service_id(code text) RETURNS uuid
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_service_id';
COMMENT ON FUNCTION booking.service_id(text) IS 'The id of the tenant''s service with this code. Error: ZB002.';

CREATE FUNCTION booking.resource_id(code text) RETURNS uuid
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_resource_id';
COMMENT ON FUNCTION booking.resource_id(text) IS 'The id of the tenant''s resource with this code. Error: ZB002.';

CREATE FUNCTION booking.question_id(code text) RETURNS uuid
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_question_id';
COMMENT ON FUNCTION booking.question_id(text) IS 'The id of the tenant''s question with this code. Error: ZB002.';

CREATE FUNCTION booking.at_local(local timestamp, branch uuid) RETURNS timestamptz
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_at_local_of_branch';
COMMENT ON FUNCTION booking.at_local(timestamp, uuid) IS
'The instant at which clocks in the branch show this time. A time that the clocks skip means the first instant after the gap, a time that comes twice means the first.';

/* ---- holds ---- */

CREATE FUNCTION booking.hold(
	service uuid,
	starts_at timestamptz DEFAULT NULL,
	ends_at timestamptz DEFAULT NULL,
	resources uuid[] DEFAULT NULL,
	units integer DEFAULT 1,
	customer uuid DEFAULT NULL,
	ttl interval DEFAULT NULL,
	local_start timestamp DEFAULT NULL,
	branch uuid DEFAULT NULL,
	party_size integer DEFAULT NULL,
	metadata jsonb DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	duration interval DEFAULT NULL,
	nights integer DEFAULT NULL,
	preferred uuid DEFAULT NULL,
	override text[] DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid,
	OUT starts_at timestamptz,
	OUT ends_at timestamptz,
	OUT resource_ids uuid[],
	OUT expires_at timestamptz,
	OUT version integer)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_hold';
COMMENT ON FUNCTION booking.hold(uuid, timestamptz, timestamptz, uuid[], integer, uuid, interval, timestamp, uuid, integer, jsonb, boolean, interval, integer, uuid, text[], text, uuid) IS
'Takes a slot for a while. The slot begins at starts_at, or at local_start on the clocks of the branch, and lasts as long as the service unless one of ends_at, duration (elapsed time) and nights (of a service that is sold by nights, from the day of the start) says otherwise; a client may ask only for what the service is sold in (22023), staff for any time. Resources that the service needs and that are not named are chosen (setting assignment), the preferred one if it is free. override: names of rules that staff sets aside (in_past, min_notice, max_advance, outside_hours, closed, off_grid, quota_full, not_eligible, overbook). ttl: how long (setting hold_ttl). lock_wait => false: raise BUSY instead of waiting for somebody who is booking the same resource. Errors: 23P01 taken, 55P03 busy, ZB001, ZB002, ZB105, ZB209, ZB210.';

CREATE FUNCTION booking.refresh_hold(
	booking uuid,
	ttl interval DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid,
	OUT starts_at timestamptz,
	OUT ends_at timestamptz,
	OUT resource_ids uuid[],
	OUT expires_at timestamptz,
	OUT version integer)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_refresh_hold';
COMMENT ON FUNCTION booking.refresh_hold(uuid, interval, boolean, text, uuid) IS
'Gives a hold a new deadline, ttl from now (default: as long as it was held for before). An expired hold is taken again under the same id while its slot is free. Errors: 23P01 somebody else has the slot, ZB302 no hold any more.';

CREATE FUNCTION booking.release_hold(
	booking uuid,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_release_hold';
COMMENT ON FUNCTION booking.release_hold(uuid, text, uuid) IS
'Gives a live hold back and returns true; false when there was nothing to release.';

CREATE FUNCTION booking.expire_holds(max integer DEFAULT 1000)
	RETURNS integer
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_expire_holds';
COMMENT ON FUNCTION booking.expire_holds(integer) IS
'Ends up to max holds and requests whose time is over, and returns how many. The background worker does the same by itself. What somebody is busy with is passed over, and one call ends no more than fit into booking.max_locks_per_transaction.';

/* ---- bookings ---- */

CREATE FUNCTION booking.checkout(
	holds uuid[],
	customer jsonb,
	answers jsonb DEFAULT '{}',
	expected_total numeric DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (booking_id uuid, status text, version integer, order_id uuid,
				   price numeric, currency text, tax numeric)
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_checkout';
COMMENT ON FUNCTION booking.checkout(uuid[], jsonb, jsonb, numeric, boolean, text, uuid) IS
'Turns live holds into bookings, all or none. customer: {id, email, name, phone, locale, notify}. answers: {question: value}, or {booking: {question: value}}; a question goes by its id or code. A service that needs approval makes the booking pending. price is with tax, tax is that part of it. Errors: ZB301 expired, ZB302 no hold, ZB003 a required answer is missing, ZB004 mixed currencies, ZB009 e-mail, ZB011 the total is not expected_total.';

CREATE FUNCTION booking.book(
	service uuid,
	starts_at timestamptz DEFAULT NULL,
	customer jsonb DEFAULT NULL,
	ends_at timestamptz DEFAULT NULL,
	resources uuid[] DEFAULT NULL,
	units integer DEFAULT 1,
	answers jsonb DEFAULT '{}',
	local_start timestamp DEFAULT NULL,
	branch uuid DEFAULT NULL,
	party_size integer DEFAULT NULL,
	title text DEFAULT NULL,
	description text DEFAULT NULL,
	attendees jsonb DEFAULT NULL,
	metadata jsonb DEFAULT NULL,
	expected_total numeric DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	duration interval DEFAULT NULL,
	nights integer DEFAULT NULL,
	preferred uuid DEFAULT NULL,
	override text[] DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (booking_id uuid, status text, version integer, order_id uuid,
				   price numeric, currency text, tax numeric)
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_book';
COMMENT ON FUNCTION booking.book(uuid, timestamptz, jsonb, timestamptz, uuid[], integer, jsonb, timestamp, uuid, integer, text, text, jsonb, jsonb, numeric, boolean, interval, integer, uuid, text[], text, uuid) IS
'Books a slot at once, without a hold. Arguments as of hold() and checkout(); customer must be given.';

/* ---- commands ---- */

CREATE FUNCTION booking.cancel(
	booking uuid,
	reason text DEFAULT NULL,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_cancel';
COMMENT ON FUNCTION booking.cancel(uuid, text, integer, boolean, text, uuid) IS
'Cancels a booking for a reason of booking.reason_codes. expected_version refuses a booking that has changed since. Errors: ZB002, ZB005 no reason, ZB101 not from its status, ZB102 stale version, ZB103 managed by a calendar; for customers ZB204 too late, ZB205 not online.';

CREATE FUNCTION booking.confirm(
	booking uuid,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_confirm';
COMMENT ON FUNCTION booking.confirm(uuid, integer, boolean, text, uuid) IS
'Approves a pending booking. To refuse it: cancel(booking, ''rejected'').';

CREATE FUNCTION booking.check_in(
	booking uuid,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_check_in';
COMMENT ON FUNCTION booking.check_in(uuid, integer, boolean, text, uuid) IS
'The customer is there. For staff, and for customers within the setting check_in_window. Error: ZB205 customers can''t by themselves, or not yet.';

CREATE FUNCTION booking.start_serving(
	booking uuid,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_start_serving';
COMMENT ON FUNCTION booking.start_serving(uuid, integer, boolean, text, uuid) IS
'The customer''s turn has come.';

CREATE FUNCTION booking.complete(
	booking uuid,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_complete';
COMMENT ON FUNCTION booking.complete(uuid, integer, boolean, text, uuid) IS
'The service is done: the rest of its time is free again, after the clean-up.';

CREATE FUNCTION booking.no_show(
	booking uuid,
	reason text DEFAULT 'did_not_arrive',
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_no_show';
COMMENT ON FUNCTION booking.no_show(uuid, text, integer, boolean, text, uuid) IS
'The customer did not come. Error: ZB104 before the start plus the setting no_show_grace.';

CREATE FUNCTION booking.reschedule(
	booking uuid,
	starts_at timestamptz DEFAULT NULL,
	ends_at timestamptz DEFAULT NULL,
	local_start timestamp DEFAULT NULL,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	duration interval DEFAULT NULL,
	nights integer DEFAULT NULL,
	override text[] DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_reschedule';
COMMENT ON FUNCTION booking.reschedule(uuid, timestamptz, timestamptz, timestamp, integer, boolean, interval, integer, text[], text, uuid) IS
'Moves a booking to another time, of the same length (as many nights) unless one of ends_at, duration and nights is given; with one of the last two alone it stays where it starts. local_start is time on the clocks of its branch. A price per hour or night follows the new length. override: as of hold(). If the new slot is taken the old one stays.';

CREATE FUNCTION booking.reassign(
	booking uuid,
	resources uuid[],
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	override text[] DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_reassign';
COMMENT ON FUNCTION booking.reassign(uuid, uuid[], integer, boolean, text[], text, uuid) IS
'Gives a booking other resources; what its service needs beyond those named is chosen. override: as of hold().';

CREATE FUNCTION booking.add_note(
	booking uuid,
	body text,
	visibility text DEFAULT 'staff',
	expected_version integer DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_add_note';
COMMENT ON FUNCTION booking.add_note(uuid, text, text, integer, text, uuid) IS
'Adds a note, visible to its author, to staff (default), or to the customer too.';

/* ---- reads ---- */

CREATE FUNCTION booking.questions_for(services uuid[])
	RETURNS TABLE (service_id uuid, question_id uuid, code text, prompt text, type text,
				   options text[], required boolean)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
AS $questions_for$
BEGIN
	PERFORM booking.current_tenant();	-- says so if there is no store
	RETURN QUERY
		SELECT s.id, q.id, q.code, q.prompt, q.type, q.options, q.required
		  FROM unnest(services) WITH ORDINALITY AS s (id, n)
		  JOIN booking.questions AS q
			ON q.tenant_id = booking.current_tenant()
		   AND q.active AND (q.service_id IS NULL OR q.service_id = s.id)
		 ORDER BY s.n, q.position, q.id;
END
$questions_for$;
COMMENT ON FUNCTION booking.questions_for(uuid[]) IS
'What checkout asks for these services, in order.';

CREATE FUNCTION booking.agenda(day date DEFAULT NULL, branch uuid DEFAULT NULL)
	RETURNS TABLE (starts timestamp, ends timestamp, time_zone text, status text,
				   service text, resources text[], customer text, booking_id uuid)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
AS $agenda$
DECLARE
	now timestamptz := booking.now();
BEGIN
	PERFORM booking.current_tenant();	-- says so if there is no store
	IF day NOT BETWEEN date '4713-01-02 BC' AND date '294276-12-30' THEN
		RAISE EXCEPTION USING ERRCODE = 'ZB001', MESSAGE = 'day is infinite or out of range';
	END IF;
	RETURN QUERY
		SELECT b.local_start, b.ends_at AT TIME ZONE b.time_zone, b.time_zone, b.status,
			   s.name,
			   ARRAY(SELECT x.code FROM booking.resources AS x
					  WHERE x.tenant_id = b.tenant_id AND x.id = ANY (b.resource_ids)
					  ORDER BY x.kind, x.position, x.code),
			   coalesce(b.contact ->> 'name', c.name, b.contact ->> 'email', c.email),
			   b.id
		  FROM booking.branches AS h
		 CROSS JOIN LATERAL (
				SELECT e.value::interval
				  FROM booking.effective_settings(branch => h.id, tenant => h.tenant_id) AS e
				 WHERE e.name = 'day_starts_at'
				) AS opening (hour)
		 CROSS JOIN LATERAL (
				SELECT coalesce(day, (now AT TIME ZONE h.time_zone - opening.hour)::date)::timestamp
					   + opening.hour
				) AS first (local)
		 CROSS JOIN LATERAL (
				SELECT booking.at_local(first.local, h.time_zone),
					   booking.at_local(first.local + interval '1 day', h.time_zone)
				) AS today (begins, ends)
		 CROSS JOIN LATERAL (
				/* one index has what stands, the other what may lapse */
				SELECT x.* FROM booking.bookings AS x
				 WHERE x.tenant_id = h.tenant_id AND x.branch_id = h.id
				   AND x.expires_at IS NULL
				   AND x.starts_at >= today.begins AND x.starts_at < today.ends
				UNION ALL
				SELECT x.* FROM booking.bookings AS x
				 WHERE x.tenant_id = h.tenant_id AND x.branch_id = h.id
				   AND x.expires_at > now
				   AND x.starts_at >= today.begins AND x.starts_at < today.ends
				) AS b
		  JOIN booking.services AS s ON s.tenant_id = b.tenant_id AND s.id = b.service_id
		  LEFT JOIN booking.customers AS c ON c.tenant_id = b.tenant_id AND c.id = b.customer_id
		 WHERE h.tenant_id = booking.current_tenant()
		   AND (agenda.branch IS NULL OR h.id = agenda.branch)
		   AND b.status <> 'cancelled'
		 ORDER BY b.starts_at, s.name, b.id;
END
$agenda$;
COMMENT ON FUNCTION booking.agenda(date, uuid) IS
'A day''s bookings in the local time of their branch (default: today there), of one branch or all; cancelled ones and expired holds are left out. A day begins where the setting day_starts_at says.';
