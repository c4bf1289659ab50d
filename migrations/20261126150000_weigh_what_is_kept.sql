-- How much is kept of one person has an end: what is held of them, and the documents that they begin.

alter table held_changes add column weight bigint not null default 0 check (weight >= 0);
comment on column held_changes.weight is 'what it costs others to keep it, in bytes; 0 for what was held before it was weighed';
create index held_changes_author on held_changes (org_id, author) where decided_at is null;

alter table documents add column begun_by uuid;
comment on column documents.begun_by is
    'who wrote first in a till or a document of clients; null for others, and for what was begun before this was kept';
create index documents_begun_by on documents (org_id, begun_by) where begun_by is not null;
