// What is kept beside a timer, as beside an event: the trace that it belongs to.
//
// `change_timers` of step 5 gets one more parameter, in a function of its own. Old instances go on calling the old one:
// it hands on to the new one, without metadata, so that a timer that they replace does not keep that of the one before.
import type { Migration } from "../migration.ts";

export const timerMetadata: Migration = {
  number: 13,
  name: "timer-metadata",
  compatibleWith: 3,
  sql: `
    alter table timer add column metadata jsonb;

    create function change_timers(
      standing int[], entity_types text[], entity_ids text[], expected bigint[], slices smallint[], event_counts int[],
      fired_names text[], fired_ids uuid[],
      change_of int[], names text[], commands text[], after_ms float8[], at_ms float8[], requests bytea[],
      metadata text[]
    ) returns void language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $change$
    declare
      space constant int := hashtext('samspel.timer.' || current_schema());
      ended int;
    begin
      perform case
        when b.alone then pg_advisory_xact_lock(space, b.bucket)
        else pg_advisory_xact_lock_shared(space, b.bucket)
      end
      from (
        select slices[o] % 64 as bucket, bool_or(event_counts[o] = 0 and o = any(change_of)) as alone
        from unnest(standing) o group by 1 order by 1
      ) b;

      if exists (
        select from unnest(standing) o
        cross join lateral (
          select from event e
          where e.entity_type = entity_types[o] and e.entity_id = entity_ids[o] and e.revision > expected[o] limit 1
        ) e
        where event_counts[o] = 0 and o = any(change_of)
      ) then
        raise unique_violation using message = 'the entity has moved on meanwhile';
      end if;

      perform from (
        select entity_types[o] as entity_type, entity_ids[o] as entity_id, fired_names[o] as name
        from unnest(standing) o where fired_ids[o] is not null
        union
        select entity_types[c.o], entity_ids[c.o], c.name
        from unnest(change_of, names) c (o, name) where c.o = any(standing)
        order by entity_type, entity_id, name
      ) n
      cross join lateral (
        select from timer t
        where t.entity_type = n.entity_type and t.entity_id = n.entity_id and t.name = n.name for update
      ) l;

      delete from timer where ctid = any(array(
        select l.place from unnest(standing) o
        cross join lateral (
          select t.ctid as place from timer t
          where t.entity_type = entity_types[o] and t.entity_id = entity_ids[o] and t.name = fired_names[o]
            and t.id = fired_ids[o] limit 1
        ) l
      ));
      get diagnostics ended = row_count;
      if ended < (select count(*) from unnest(standing) o where fired_ids[o] is not null) then
        raise unique_violation using message = 'the timer was cancelled, replaced or fired meanwhile';
      end if;

      delete from timer where ctid = any(array(
        select l.place from unnest(change_of, names, commands) c (o, name, command)
        cross join lateral (
          select t.ctid as place from timer t
          where t.entity_type = entity_types[c.o] and t.entity_id = entity_ids[c.o] and t.name = c.name limit 1
        ) l
        where c.command is null and c.o = any(standing)
      ));

      insert into timer (entity_type, entity_id, name, id, command, request, due_at, next_at, metadata)
      select entity_types[c.o], entity_ids[c.o], c.name, gen_random_uuid(), c.command, c.request, d.due_at, d.due_at,
        c.metadata::jsonb
      from unnest(change_of, names, commands, after_ms, at_ms, requests, change_timers.metadata)
        as c (o, name, command, after_ms, at_ms, request, metadata)
      cross join lateral (
        select coalesce(to_timestamp(c.at_ms / 1000), clock_timestamp() + c.after_ms * interval '1 millisecond') as due_at
      ) d
      where c.command is not null and c.o = any(standing)
      order by entity_types[c.o], entity_ids[c.o], c.name
      on conflict (entity_type, entity_id, name) do update
        set id = excluded.id, command = excluded.command, request = excluded.request, due_at = excluded.due_at,
          next_at = excluded.next_at, attempts = 0, error = null, parked_at = null,
          scheduled_at = excluded.scheduled_at, metadata = excluded.metadata;
    end
    $change$;

    create or replace function change_timers(
      standing int[], entity_types text[], entity_ids text[], expected bigint[], slices smallint[], event_counts int[],
      fired_names text[], fired_ids uuid[],
      change_of int[], names text[], commands text[], after_ms float8[], at_ms float8[], requests bytea[]
    ) returns void language plpgsql as $change$
    begin
      perform change_timers(
        standing, entity_types, entity_ids, expected, slices, event_counts, fired_names, fired_ids,
        change_of, names, commands, after_ms, at_ms, requests, null::text[]
      );
    end
    $change$;
  `,
};
