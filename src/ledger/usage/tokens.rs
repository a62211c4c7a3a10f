//! Tokens of models, priced by the catalogue with exact decimals. Knows no customer's meters.

use rust_decimal::Decimal;

use super::reports::check_word;
use crate::domain::amount::{AMOUNT_PLACES, Amount};
use crate::domain::catalog::TokenPrice;
use crate::domain::id::Prefix;
use crate::domain::own::{OwnFact, Tokens, UsageCounted};
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::ledger::commands::{Refusal, invalid};
use crate::ledger::ids;
use crate::ledger::limits::{EXTRA_BYTES_MAX, TOKENS_MAX};

/// Prices are of so many tokens.
const TOKENS_PRICED: u32 = 1_000;

/// Use of a model, to be priced and counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    /// The company whose customer it must be, where companies matter.
    pub company_id: Option<Box<str>>,
    /// The customer, by any id.
    pub customer: Box<str>,
    /// The merchant's word for the occasion.
    pub checkpoint: Box<str>,
    /// `OPENAI`
    pub provider: Box<str>,
    /// `GPT_4`
    pub model: Box<str>,
    /// Tokens read; at most [`TOKENS_MAX`].
    pub input: u64,
    /// Tokens written; at most [`TOKENS_MAX`].
    pub output: u64,
    /// The merchant's word for the session.
    pub session_id: Option<Box<str>>,
    /// Whatever else was sent, as JSON text.
    pub extra: Option<Box<str>>,
}

impl TokenUse {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let words = [
            ("checkpoint", Some(&self.checkpoint)),
            ("provider", Some(&self.provider)),
            ("model", Some(&self.model)),
            ("session_id", self.session_id.as_ref()),
        ];
        for (name, word) in words {
            check_word(name, word.map(|word| &**word))?;
        }
        for (name, count) in [("input", self.input), ("output", self.output)] {
            if count > TOKENS_MAX {
                return Err(invalid(format!("`{name}` must be at most {TOKENS_MAX}.")));
            }
        }
        if self
            .extra
            .as_ref()
            .is_some_and(|extra| extra.len() > EXTRA_BYTES_MAX)
        {
            return Err(invalid(format!(
                "`extra` must have at most {EXTRA_BYTES_MAX} bytes."
            )));
        }
        Ok(())
    }

    pub(super) fn priced(
        &self,
        state: &State,
        identifier: Box<str>,
        now: Timestamp,
    ) -> Result<OwnFact, Refusal> {
        let price = state
            .catalog()
            .token_price(&self.provider, &self.model, &self.checkpoint);
        let Some(price) = price else {
            return Err(invalid(format!(
                "`model`: the catalogue has no price for {} of {} at {}.",
                self.model, self.provider, self.checkpoint
            )));
        };
        let too_much = || Refusal::Invalid("`model`: so many tokens cost too much.".to_owned());
        let (input_cost, output_cost, credits) = self.cost(price).ok_or_else(too_much)?;
        Ok(OwnFact::UsageCounted(UsageCounted {
            id: ids::fresh(state, Prefix::Usage, now),
            identifier,
            meter_id: price.meter.as_str().into(),
            amount: credits,
            checkpoint: self.checkpoint.clone(),
            tokens: Some(Tokens {
                provider: self.provider.clone(),
                model: self.model.clone(),
                input: self.input,
                output: self.output,
                input_cost,
                output_cost,
                session_id: self.session_id.clone(),
                extra: self.extra.clone(),
            }),
        }))
    }

    /// What input and output cost, and the credits for both: exact to [`AMOUNT_PLACES`].
    fn cost(&self, price: &TokenPrice) -> Option<(Decimal, Decimal, Decimal)> {
        let of = |count: u64, per_1k: Decimal| {
            let cost = Decimal::from(count).checked_mul(per_1k)?;
            Some(cost.checked_div(Decimal::from(TOKENS_PRICED))?.normalize())
        };
        let input = of(self.input, price.input_per_1k)?;
        let output = of(self.output, price.output_per_1k)?;
        let credits = input
            .checked_add(output)?
            .checked_mul(price.credits_per_unit)?;
        let credits = credits.round_dp(AMOUNT_PLACES).normalize();
        Amount::is_exact(credits).then_some((input, output, credits))
    }
}
