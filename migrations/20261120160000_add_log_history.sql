alter table organisations add column history bigint not null default 1 check (history > 0);
comment on column organisations.history is
    'which life of the change log this is: raised when a backup is restored, because cursors from before count rows that are gone';
