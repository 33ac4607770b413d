-- The registry of settings, and settings as server settings.  Levels below the
-- server are tested where the tables are.

SELECT name, type, unit, default_value, min_value, max_value FROM booking.setting_catalogue();
SELECT name, levels, description FROM booking.setting_catalogue();

-- Each is a server setting too, changed only by superusers, and unset at first.
SELECT c.name, s.context, s.setting = '' AS unset
  FROM booking.setting_catalogue() c
  LEFT JOIN pg_settings s ON s.name = 'booking.' || c.name
 ORDER BY c.name;

-- Intervals: PostgreSQL's syntax, ISO 8601, or a number of seconds.
SET booking.hold_ttl = '10 min';
SET booking.hold_ttl = '1 hour 30 minutes';
SET booking.hold_ttl = '00:10';
SET booking.hold_ttl = 'PT10M';
SET booking.hold_ttl = '2 days';
SET booking.hold_ttl = '1.5';
SET booking.hold_ttl = 600;
SHOW booking.hold_ttl;

-- The bounds themselves are allowed, a microsecond more is not.
SET booking.hold_ttl = '1 second';
SET booking.hold_ttl = '30 days';
SET booking.hold_ttl = '720:00:00.000001';
\echo :LAST_ERROR_SQLSTATE
SET booking.hold_ttl = '0.999999';

-- Months have no fixed length; the reach of a sign depends on IntervalStyle.
SET booking.hold_ttl = '1 month';
SET booking.hold_ttl = '-5 minutes';
SET booking.hold_ttl = '1 day -1 hour';
SET booking.hold_ttl = '5 minutes ago';
SET booking.hold_ttl = 'infinity';
SET booking.hold_ttl = 'soon';
SET booking.hold_ttl = ' ';
SET booking.hold_ttl = '9223372036854775807 days';
SET booking.hold_ttl = '106751991 days 2400000000 hours';
SET booking.hold_ttl = 'none';

-- What was refused changed nothing; empty text unsets.
SHOW booking.hold_ttl;
SET booking.hold_ttl = '';

-- Where there may be no limit, that can be said.
SET booking.pending_ttl = 'none';
SET booking.pending_ttl = '7 days';
SET booking.pending_ttl = '59 seconds';
SET booking.max_live_holds = 3;
SET booking.max_live_holds = 'none';
SET booking.max_live_holds = 0;
SET booking.max_live_holds = 1000001;
SET booking.max_live_holds = '3.0';
SET booking.max_live_holds = '99999999999999999999';
SET booking.no_show_grace = 0;

SET booking.approval = on;
SET booking.approval = 'no';
SET booking.approval = '2';

-- A customer's session can't set what binds customers.
CREATE ROLE regress_rules_customer;
SET ROLE regress_rules_customer;
SET booking.max_hold_ttl = '30 days';
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP ROLE regress_rules_customer;
