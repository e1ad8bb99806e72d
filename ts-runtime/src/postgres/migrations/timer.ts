// Timers of entities, and the function that the append's statement changes them with (J2).
//
// `change_timers` is a function as it must see more than the statement's snapshot. An append with events is kept from
// running beside another of its entity by the event's primary key. One that only changes timers has no such key, so:
//
//   C1. It holds its entity's bucket alone, and appends with events and timers share it. There are 64 buckets, as each
//       held lock takes room in Postgres's shared memory, and a group may have 256 entities.
//   C2. What it rests on, the revision and the timer that fires, is looked at again once the bucket is held. Where that
//       has moved, it fails like a primary key would, and the append looks at everything anew.
//   C3. Buckets are taken before rows, and both in order, so that two groups do not deadlock.
//
// A session keeps its plans, and one that was made while the table was empty may read all of it ever after (3 s for a
// group of 256 that fires out of 10,000). So in these functions an index is the only way, and `lateral` with a limit or
// a lock keeps the planner from turning a join around.
import type { Migration } from "../migration.ts";

export const timerTable: Migration = {
  number: 5,
  name: "timer",
  compatibleWith: 3,
  sql: `
    create table timer (
      entity_type text not null,
      entity_id text not null,
      name text not null,
      id uuid not null,
      command text not null,
      request bytea not null,
      due_at timestamptz not null,
      next_at timestamptz not null,
      attempts int not null default 0,
      error text,
      parked_at timestamptz,
      scheduled_at timestamptz not null default clock_timestamp(),
      primary key (entity_type, entity_id, name)
    ) with (
      autovacuum_vacuum_threshold = 500,
      autovacuum_vacuum_scale_factor = 0.05,
      autovacuum_analyze_threshold = 500,
      autovacuum_analyze_scale_factor = 0.05
    );
    create index timer_next on timer (entity_type, next_at) where parked_at is null;

    create function timer_stands(text, text, text, uuid) returns boolean language plpgsql stable
    set enable_seqscan = off as $stands$
    begin
      return exists (
        select from timer where entity_type = $1 and entity_id = $2 and name = $3 and id = $4
      );
    end
    $stands$;

    create function change_timers(
      standing int[], entity_types text[], entity_ids text[], expected bigint[], slices smallint[], event_counts int[],
      fired_names text[], fired_ids uuid[],
      change_of int[], names text[], commands text[], after_ms float8[], at_ms float8[], requests bytea[]
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

      insert into timer (entity_type, entity_id, name, id, command, request, due_at, next_at)
      select entity_types[c.o], entity_ids[c.o], c.name, gen_random_uuid(), c.command, c.request, d.due_at, d.due_at
      from unnest(change_of, names, commands, after_ms, at_ms, requests)
        as c (o, name, command, after_ms, at_ms, request)
      cross join lateral (
        select coalesce(to_timestamp(c.at_ms / 1000), clock_timestamp() + c.after_ms * interval '1 millisecond') as due_at
      ) d
      where c.command is not null and c.o = any(standing)
      order by entity_types[c.o], entity_ids[c.o], c.name
      on conflict (entity_type, entity_id, name) do update
        set id = excluded.id, command = excluded.command, request = excluded.request, due_at = excluded.due_at,
          next_at = excluded.next_at, attempts = 0, error = null, parked_at = null,
          scheduled_at = excluded.scheduled_at;
    end
    $change$;
  `,
};
