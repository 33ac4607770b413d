-- What a session needs for a thousand desks.
\pset format unaligned
\pset tuples_only on
SELECT memory('RssAnon') AS before \gset
\o /dev/null
\i first_50.sql
SELECT count(*) FROM booking.slots('00000000-0000-7000-9000-000000000000',
	'[2030-03-04 00:00+01, 2030-03-11 00:00+01)');
\i free_busy.sql
\o
SELECT format('memory for 1,000 resources: %s MB more than before, at most %s MB in all, %s MB of that shared',
	memory('RssAnon') - :before, memory('VmHWM'), memory('RssShmem'));
