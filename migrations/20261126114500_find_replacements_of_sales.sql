-- Whether a sale has its replacement is asked for each one that is given, of whichever till and month.

create index replacements_sale on replacements (org_id, sale_id);
