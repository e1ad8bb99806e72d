// Builds of projections: each set of tables that a projection ever had has a number of its own, so that one can be
// built while another serves. And what an operator asked for: to pause, to begin anew, to try a parked event again.
//
// Code from before cannot live with it: it runs a projection under one lease, beside those of the ranges.
import type { Migration } from "../migration.ts";

export const projectionBuilds: Migration = {
  number: 10,
  name: "projection builds",
  compatibleWith: 10,
  sql: `
    alter table projection
      add column generation int,
      add column building int,
      add column resets int not null default 0;
    update projection set generation = version;
    alter table projection alter column generation set not null;

    create table projection_build (
      projection text not null,
      generation int not null,
      version int not null,
      journal_order boolean,
      objects text[],
      replay text[],
      started_at timestamptz not null default clock_timestamp(),
      live_at timestamptz,
      ended_at timestamptz,
      primary key (projection, generation)
    );
    insert into projection_build (projection, generation, version, started_at, live_at)
    select name, version, version, set_up_at, set_up_at from projection;

    create table projection_progress (
      projection text not null,
      generation int not null,
      instance text not null,
      events_per_second float8 not null,
      at timestamptz not null default clock_timestamp(),
      primary key (projection, generation, instance)
    );

    create table projection_control (
      projection text primary key,
      paused boolean not null default false,
      rebuild boolean not null default false,
      sealed_until timestamptz not null default '-infinity'
    );
    insert into projection_control (projection) select name from projection;

    alter table projection_failure
      add column generation int,
      add column state text not null default 'parked',
      add column tx xid8 not null default '0',
      add column position bigint not null default 0,
      add column history jsonb not null default '[]',
      add column retry_asked_at timestamptz;
    update projection_failure set generation = version;
    alter table projection_failure
      alter column generation set not null,
      drop constraint projection_failure_pkey,
      add primary key (projection, generation, entity_type, entity_id, revision);
    create index projection_failure_retry on projection_failure (projection, generation)
      where retry_asked_at is not null;
  `,
};
