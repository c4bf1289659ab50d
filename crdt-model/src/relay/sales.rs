//! Verdicts on sales: sold twice, sold after a recall, a receipt number that exists.

use super::{AdmitError, Need, OrgState, Outcome, verdict_till};
use crate::document::DocumentKey;
use crate::fact::{Fact, SaleRef, Verdict, VoucherRef};
use crate::ids::{DeviceId, IntentId, SiteId};
use crate::time::{Month, Timestamp};

impl OrgState {
    /// Where an earlier sale is told of: beside the till that has it, which may be one of another site.
    pub(super) fn verdict_of(
        &self,
        site: SiteId,
        sale: &SaleRef,
    ) -> Result<DocumentKey, AdmitError> {
        let till = self
            .intents
            .get(&sale.sale)
            .ok_or(AdmitError::Missing(Need::Intent(sale.sale)))?;
        let beside = till.and_then(|till| till.verdict());
        Ok(beside.unwrap_or_else(|| verdict_till(site, sale.person, Month::of(sale.at))))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a sale is judged by everything there is to know about it"
    )]
    pub(super) fn judge_sale(
        &mut self,
        site: SiteId,
        verdict_document: DocumentKey,
        id: IntentId,
        fact: &Fact,
        device: DeviceId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let Some(sale) = fact.sale_ref(id) else {
            return Ok(());
        };
        if !sale.receipt.is_empty() {
            let first = self
                .receipts
                .get(&sale.receipt)
                .ok_or_else(|| AdmitError::Missing(Need::Receipt(sale.receipt.clone())))?
                .clone();
            match first {
                Some(first) if first.sale != sale.sale => {
                    let documents = [verdict_document, self.verdict_of(site, &first)?];
                    let verdict = Verdict::DuplicateReceipt {
                        first: first.clone(),
                        other: sale.clone(),
                    };
                    self.pronounce(
                        &documents,
                        &[b"receipt", sale.sale.as_bytes()],
                        verdict,
                        now,
                        outcome,
                    )?;
                }
                Some(_) => {}
                None => {
                    self.receipts
                        .insert(sale.receipt.clone(), Some(sale.clone()));
                }
            }
        }
        for voucher in fact.vouchers() {
            self.judge_voucher(site, verdict_document, voucher, &sale, device, now, outcome)?;
            self.judge_sold_void(site, voucher, now, outcome)?;
        }
        Ok(())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a sale is judged by everything there is to know about it"
    )]
    pub(super) fn judge_voucher(
        &mut self,
        site: SiteId,
        verdict_document: DocumentKey,
        voucher: VoucherRef,
        sale: &SaleRef,
        device: DeviceId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let place = |what: &'static [u8]| -> [Vec<u8>; 4] {
            [
                what.to_vec(),
                voucher.block.as_bytes().to_vec(),
                voucher.index.to_be_bytes().to_vec(),
                sale.sale.as_bytes().to_vec(),
            ]
        };
        let verdict_block = DocumentKey::VerdictBlock {
            site,
            block: voucher.block,
        };
        let sold = self
            .sold
            .get_mut(&voucher.block)
            .ok_or(AdmitError::Missing(Need::Sold(voucher.block)))?;
        let sales = sold.entry(voucher.index).or_default();
        if sales.iter().any(|known| known.sale == sale.sale) {
            return Ok(());
        }
        let standing = sales.first().cloned();
        sales.push(sale.clone());
        if let Some(standing) = standing {
            let documents = [
                verdict_document,
                self.verdict_of(site, &standing)?,
                verdict_block,
            ];
            let verdict = Verdict::DoubleSale {
                voucher,
                standing,
                other: sale.clone(),
            };
            let parts = place(b"double");
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            self.pronounce(&documents, &parts, verdict, now, outcome)?;
        }
        let lease = self.lease(site, voucher.block)?;
        let holds = lease
            .is_some_and(|lease| lease.person == Some(sale.person) && lease.device == Some(device));
        if !holds {
            let parts = place(b"recalled");
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let verdict = Verdict::SoldAfterRecall {
                voucher,
                sale: sale.clone(),
            };
            self.pronounce(&[verdict_document], &parts, verdict, now, outcome)?;
            // The present holder must not sell it again.
            let parts = place(b"elsewhere");
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let verdict = Verdict::SoldElsewhere {
                block: voucher.block,
                indexes: vec![voucher.index],
            };
            self.pronounce(&[verdict_block], &parts, verdict, now, outcome)?;
        }
        Ok(())
    }
}
