//! Kelviq's words for how a subscription stands and how often it is paid. It knows no shape.

use super::ids::KELVIQ;
use crate::domain::catalog::Period;
use crate::domain::status::Status;
use crate::domain::subscription::SubscriptionView;

/// How it stands: Kelviq's own word of one that its webhooks tell of, else the nearest of its words.
pub(super) fn status(view: &SubscriptionView) -> &str {
    let own = view.provider_status.as_deref();
    own.filter(|_| view.provider == KELVIQ)
        .unwrap_or(match view.status {
            Status::Expired | Status::Completed => Status::Canceled.as_str(),
            Status::OnHold | Status::Paused => Status::PastDue.as_str(),
            known => known.as_str(),
        })
}

/// What its periods are counted in; empty where it is paid once.
pub(super) const fn interval(period: Period) -> &'static str {
    match period {
        Period::OneTime => "",
        Period::Daily | Period::TwentyEightDays => "day",
        Period::Weekly => "week",
        Period::Monthly | Period::ThreeMonths | Period::SixMonths => "month",
        Period::Yearly => "year",
    }
}
