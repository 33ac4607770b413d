-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION booking" to load this file. \quit


/*
 * The owner of a schema may drop and replace what is in it.  One that was
 * there before must not be in the hands of somebody with less power than who
 * installs the extension, and runs its functions.
 */
DO $guard$
DECLARE
	other name;
BEGIN
	SELECT r.rolname INTO other
	  FROM pg_catalog.pg_namespace AS n
	  JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
	 WHERE n.nspname = 'booking' AND r.rolname <> current_user AND NOT r.rolsuper;
	IF FOUND THEN
		RAISE EXCEPTION USING
			ERRCODE = '42501',
			MESSAGE = format('schema "booking" belongs to role "%s"', other),
			HINT = format('Drop the schema, or make it yours: ALTER SCHEMA booking OWNER TO %I.',
						  current_user);
	END IF;
END
$guard$;
