/* ---- who may do what ---- */

CREATE FUNCTION booking.grant_level(role text, level text) RETURNS void
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $grant_level$
DECLARE
	everybody CONSTANT text[] := ARRAY['can_transition', 'valid_targets', 'is_terminal',
		'is_occupying', 'statuses', 'transition_catalogue', 'error_catalogue',
		'setting_catalogue', 'at_local', 'new_id', 'now', 'set_context', 'whoami',
		'current_tenant', 'current_actor', 'has_access', 'current_customers',
		'owned_resources', 'store_version', 'tenant_id', 'branch_id', 'service_id',
		'resource_id', 'question_id', 'questions_for', 'agenda', 'effective_settings',
		'effective_hours', 'slots', 'suggest_slots', 'explain_slot', 'availability',
		'free_busy', 'availability_inputs', 'check_availability', 'waitlist_position'];
	clients CONSTANT text[] := ARRAY['hold', 'refresh_hold', 'release_hold', 'checkout',
		'book', 'cancel', 'reschedule', 'add_note', 'check_in', 'request_cancellation', 'amend',
		'reverse', 'attempt', 'available_actions', 'join_waitlist'];
	staff CONSTANT text[] := ARRAY['confirm', 'start_serving', 'complete', 'no_show', 'reassign',
		'restore', 'expire_holds', 'mark_no_shows', 'hours_breach', 'issue_undo', 'bulk_cancel',
		'bulk_reassign', 'record_payment', 'record_refund', 'merge_customers', 'promote',
		'promote_waiting'];
	admins CONSTANT text[] := ARRAY['broadcast', 'worker_status', 'set_setting', 'set_hours',
		'erase_customer', 'erase_actor', 'purge', 'purge_idempotency_keys', 'seal_audit'];
	historians CONSTANT text[] := ARRAY['audit_search', 'booking_as_of', 'bookings_as_of'];
	auditors CONSTANT text[] := ARRAY['verify_audit', 'audit_digest'];
	functions text[];
	reads CONSTANT text[] := ARRAY['tenants', 'branches', 'reason_codes', 'resources',
		'services', 'service_requirements', 'service_resources', 'hours',
		'resource_zones', 'questions', 'store_state', 'error_codes', 'transitions', 'settings'];
	own CONSTANT text[] := ARRAY['bookings', 'customers', 'answers', 'service_sessions',
		'orders', 'order_items', 'payments', 'notes', 'holds', 'current_bookings', 'waiting',
		'waitlist'];
	function record;
	name text;
BEGIN
	functions := everybody ||
		CASE WHEN level <> 'auditor' THEN clients ELSE '{}' END ||
		CASE WHEN level IN ('staff', 'admin') THEN staff ELSE '{}' END ||
		CASE WHEN level = 'admin' THEN admins ELSE '{}' END ||
		CASE WHEN level <> 'client' THEN historians ELSE '{}' END ||
		CASE WHEN level IN ('admin', 'auditor') THEN auditors ELSE '{}' END;

	EXECUTE format('GRANT USAGE ON SCHEMA booking TO %I', role);
	FOR function IN
		SELECT p.oid::regprocedure AS signature FROM pg_proc AS p
		 WHERE p.pronamespace = 'booking'::regnamespace AND p.proname = ANY (functions)
		   AND EXISTS (SELECT FROM pg_depend AS d
						WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
						  AND d.deptype = 'e')
		   AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) AS a
							WHERE a.grantee = quote_ident(role)::regrole
							  AND a.privilege_type = 'EXECUTE')
	LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', function.signature, role);
	END LOOP;

	FOREACH name IN ARRAY reads || own LOOP
		EXECUTE format('GRANT SELECT ON booking.%I TO %I', name, role);
	END LOOP;
	IF level IN ('staff', 'admin', 'auditor') THEN
		EXECUTE format('GRANT SELECT ON booking.audit_log, booking.audit_seals,
			booking.audit_resources, booking.closures, booking.date_overrides,
			booking.external_refs TO %I', role);
	END IF;
	IF level IN ('admin', 'auditor') THEN
		EXECUTE format('GRANT SELECT ON booking.audit_private, booking.erasures TO %I', role);
	END IF;
	IF level <> 'auditor' THEN
		EXECUTE format('GRANT INSERT, UPDATE ON booking.bookings TO %I', role);
		EXECUTE format('GRANT INSERT ON booking.notes TO %I', role);
	END IF;
	IF level IN ('staff', 'admin') THEN
		EXECUTE format('GRANT SELECT ON booking.allocations, booking.turns, booking.vacancies TO %I', role);
		EXECUTE format('GRANT INSERT, UPDATE ON booking.customers, booking.answers TO %I', role);
		EXECUTE format('GRANT INSERT, UPDATE, DELETE ON booking.closures, booking.external_refs TO %I',
					   role);
		EXECUTE format('GRANT SELECT ON booking.disturbed TO %I', role);
	END IF;
	IF level = 'admin' THEN
		EXECUTE format('GRANT SELECT ON booking.outbox, booking.sweeps, booking.principals,
			booking.undo_tokens, booking.undo_batches, booking.idempotency_keys TO %I', role);
		EXECUTE format('GRANT UPDATE ON booking.tenants TO %I', role);
		EXECUTE format('GRANT INSERT, UPDATE, DELETE ON booking.branches, booking.reason_codes,
			booking.resources, booking.services, booking.service_requirements,
			booking.service_resources, booking.hours, booking.date_overrides,
			booking.resource_zones, booking.questions TO %I', role);
	END IF;
END
$grant_level$;
COMMENT ON FUNCTION booking.grant_level(text, text) IS
'Part of grant_access(): the GRANTs of a level.';

CREATE FUNCTION booking.grant_access(
	role text,
	level text,
	actor text DEFAULT NULL,
	roles text[] DEFAULT '{}',
	tenant uuid DEFAULT NULL)
	RETURNS void
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $grant_access$
BEGIN
	PERFORM booking.current_tenant();	-- says so if there is no store
	IF grant_access.role IS NULL OR level IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '22004',
			MESSAGE = 'role and level must not be null';
	END IF;
	IF level NOT IN ('client', 'staff', 'admin', 'auditor') THEN
		RAISE EXCEPTION USING ERRCODE = '22023',
			MESSAGE = format('access level "%s" is not known', left(level, 100)),
			HINT = 'The levels are client, staff, admin and auditor.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = grant_access.role) THEN
		RAISE EXCEPTION USING ERRCODE = 'ZB002',
			MESSAGE = format('role "%s" does not exist', left(grant_access.role, 100));
	END IF;
	IF EXISTS (SELECT FROM unnest(roles) AS r WHERE r IS NULL) THEN
		RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'roles must not contain nulls';
	END IF;
	IF grant_access.tenant IS NOT NULL AND NOT EXISTS (
		SELECT FROM booking.tenants AS t WHERE t.id = grant_access.tenant) THEN
		RAISE EXCEPTION USING ERRCODE = 'ZB002',
			MESSAGE = format('tenant %s does not exist', grant_access.tenant);
	END IF;

	PERFORM booking.revoke_access(grant_access.role);
	INSERT INTO booking.principals (tenant_id, role_name, level, actor, roles)
		VALUES (coalesce(grant_access.tenant, booking.current_tenant()), grant_access.role,
				level, actor, coalesce(roles, '{}'));
	PERFORM booking.grant_level(grant_access.role, level);
END
$grant_access$;
COMMENT ON FUNCTION booking.grant_access(text, text, text, text[], uuid) IS
'Lets a database role work for a tenant, with a level: client (its own bookings), staff (all bookings), admin (configuration too) or auditor (reads only). With actor the role is that actor and can''t claim to be another. Replaces what the role was given before.';

CREATE FUNCTION booking.revoke_access(role text) RETURNS void
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
AS $revoke_access$
BEGIN
	IF revoke_access.role IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'role must not be null';
	END IF;
	IF EXISTS (SELECT FROM pg_class AS c
				WHERE c.oid = 'booking.bookings'::regclass
				  AND pg_get_userbyid(c.relowner) = revoke_access.role) THEN
		RAISE EXCEPTION USING ERRCODE = '22023',
			MESSAGE = format('role "%s" owns the store', revoke_access.role),
			HINT = 'Its rights can''t be granted or revoked.';
	END IF;
	DELETE FROM booking.principals AS p WHERE p.role_name = revoke_access.role;
	IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = revoke_access.role) THEN
		/* dropped since: forgetting it was all there was to do */
		IF NOT FOUND THEN
			RAISE EXCEPTION USING ERRCODE = 'ZB002',
				MESSAGE = format('role "%s" does not exist', left(revoke_access.role, 100));
		END IF;
		RETURN;
	END IF;
	EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA booking FROM %I', role);
	EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA booking FROM %I', role);
	EXECUTE format('REVOKE ALL ON SCHEMA booking FROM %I', role);
END
$revoke_access$;
COMMENT ON FUNCTION booking.revoke_access(text) IS
'Takes back all that grant_access() gave a database role.';

/*
 * Nothing is for everybody: grant_access() gives what a role needs.  The
 * schema may hold functions that are not ours: of a store that was there
 * before, which its CHECKs use, or of a user.
 */
DO $revoke$
DECLARE
	function regprocedure;
BEGIN
	FOR function IN
		SELECT d.objid::regprocedure FROM pg_catalog.pg_depend AS d
		  JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'booking'
		 WHERE d.classid = 'pg_catalog.pg_proc'::regclass
		   AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
	LOOP
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
	END LOOP;
END
$revoke$;
