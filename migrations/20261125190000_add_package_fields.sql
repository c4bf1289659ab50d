-- What else a package says: for the router, for the client and for the stock-taker.

alter table packages add column description text;
alter table packages add column download_kbps integer;
alter table packages add column upload_kbps integer;
-- Devices at once on one voucher. Null: as the router says.
alter table packages add column shared_users integer;
-- HOTSPOT, PPPOE
alter table packages add column kind text not null default 'HOTSPOT';
-- Stock of fewer vouchers is little. Null: 10.
alter table packages add column low_stock integer;
