//! How a checkout looks: one HTML text with its style inside and one form, no script, nothing
//! fetched. It decides nothing: what may be done is told.

use std::fmt::Write as _;

use super::words;
use crate::domain::checkout::CheckoutView;
use crate::domain::own::{GATEWAY_NONE, GATEWAY_SANDBOX, Item};
use crate::domain::status::CheckoutStatus;
use crate::http::html::{escape, hash_of};
use crate::ledger::{CameBack, origin};

const STYLE: &str = include_str!("style.css");
/// Seconds after which a page whose payment is under way looks again: a payer waits for it.
const LOOK_AGAIN_SECONDS: u32 = 3;

/// What is read where others read a price.
const NOTHING: &str = "nothing to pay";

/// A page, and what a browser may do with it.
pub(super) struct Page {
    pub(super) html: String,
    pub(super) policy: String,
}

/// What else decides what is shown.
pub(super) struct Circumstances {
    /// Why it cannot be tried (again), in a sentence.
    pub(super) hindrance: Option<String>,
    /// What the gateway says through the payer's way back.
    pub(super) came_back: Option<CameBack>,
}

/// The page of a checkout.
pub(super) fn write(view: &CheckoutView, about: &Circumstances) -> Page {
    let is_free = is_free(view);
    let price = match is_free {
        true => NOTHING.to_owned(),
        false => words::amount(view.opened.price),
    };
    let name = match &view.opened.item {
        Item::Plan { name, .. } | Item::Addon { name, .. } => name,
    };
    let title = match is_free {
        true => format!("Begin {name}"),
        false => format!("Pay for {name}"),
    };
    let mut main = format!("<h1>{}</h1>", escape(&title));
    if *view.opened.gateway == *GATEWAY_SANDBOX {
        main.push_str(
            "<p class=\"note\">This is a sandbox: no money moves, and nothing is charged.</p>",
        );
    }
    main.push_str(&facts(view, &price));
    let _ = write!(
        main,
        "<p class=\"state\" role=\"status\">{}</p>",
        escape(&state(view, about))
    );
    main.push_str(&form(view, about, &price));
    let refresh = (view.status == CheckoutStatus::Processing).then_some(LOOK_AGAIN_SECONDS);
    Page {
        html: document(&format!("{title}: {price}"), refresh, &main),
        policy: policy(&form_targets(view)),
    }
}

/// The page of what is not there, or not now.
pub(super) fn sorry(title: &str, sentence: &str) -> Page {
    let main = format!(
        "<h1>{}</h1><p class=\"state\" role=\"status\">{}</p>",
        escape(title),
        escape(sentence)
    );
    Page {
        html: document(title, None, &main),
        policy: policy("'none'"),
    }
}

/// Whether there is nothing to pay, so that nobody takes money.
fn is_free(view: &CheckoutView) -> bool {
    *view.opened.gateway == *GATEWAY_NONE
}

fn document(title: &str, refresh: Option<u32>, main: &str) -> String {
    let refresh = refresh.map_or_else(String::new, |seconds| {
        format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">")
    });
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\">{refresh}<style>{STYLE}</style></head>\
         <body><main>{main}</main></body></html>\n",
        escape(title)
    )
}

fn facts(view: &CheckoutView, price: &str) -> String {
    let opened = &view.opened;
    let mut rows: Vec<(&str, String)> = Vec::new();
    match &opened.item {
        Item::Plan {
            name,
            period,
            gateway_plan,
            quantities,
            trial_days,
            ..
        } => {
            rows.push(("Plan", name.to_string()));
            let with = quantities.iter();
            rows.extend(with.map(|one| ("With", format!("{} × {}", one.count, one.feature))));
            rows.push(("Price", price.to_owned()));
            if !is_free(view) {
                let period = words::period(*period, gateway_plan.is_some());
                rows.push(("Period", period.into()));
            }
            if *trial_days > 0 {
                rows.push(("Trial", words::trial(*trial_days)));
            }
        }
        Item::Addon { name, .. } => {
            rows.push(("Add-on", name.to_string()));
            rows.push(("Price", price.to_owned()));
            rows.push(("Period", "one payment".to_owned()));
        }
    }
    rows.push(("Customer", opened.identifier.to_string()));
    match view.paid_at {
        Some(at) if view.status == CheckoutStatus::Paid => {
            let term = if is_free(view) { "Begun" } else { "Paid" };
            rows.push((term, words::moment(at)));
        }
        _ if is_free(view) => rows.push(("Open until", words::moment(opened.expires_at))),
        _ => rows.push(("Payable until", words::moment(opened.expires_at))),
    }
    if let (Some(payment), CheckoutStatus::Paid) = (&view.payment_id, view.status) {
        rows.push(("Payment", payment.to_string()));
    }
    let mut out = String::from("<dl>");
    for (term, value) in rows {
        let _ = write!(out, "<div><dt>{term}</dt><dd>{}</dd></div>", escape(&value));
    }
    out.push_str("</dl>");
    out
}

/// How far it has come, in a sentence.
fn state(view: &CheckoutView, about: &Circumstances) -> String {
    let hindered = |sentence: &str| about.hindrance.clone().unwrap_or(sentence.to_owned());
    match (view.status, about.came_back) {
        (CheckoutStatus::Open, _) if is_free(view) => hindered("There is nothing to pay."),
        (CheckoutStatus::Expired, _) if is_free(view) => {
            "The time to begin is over. Ask for a new link.".to_owned()
        }
        (CheckoutStatus::Paid, _) if is_free(view) => {
            "This has begun. There was nothing to pay.".to_owned()
        }
        (CheckoutStatus::Open, _) => hindered("Nothing is paid yet."),
        (CheckoutStatus::Processing, Some(CameBack::Paid)) => {
            "The payment was made. This page waits for its confirmation.".to_owned()
        }
        (CheckoutStatus::Processing, _) if goes_on_at(view).is_some() => {
            "The payment goes on at the payment service.".to_owned()
        }
        (CheckoutStatus::Processing, _) => {
            "The payment is under way. This page looks again by itself.".to_owned()
        }
        (CheckoutStatus::Failed, _) => {
            let again = hindered("You can try again.");
            format!("The payment did not go through, and nothing was charged. {again}")
        }
        (CheckoutStatus::Cancelled, _) => {
            "This payment was called off. Nothing was charged.".to_owned()
        }
        (CheckoutStatus::Expired, _) => {
            "The time to pay is over. Ask for a new payment link.".to_owned()
        }
        (CheckoutStatus::Paid, _) => "This is paid. Thank you.".to_owned(),
    }
}

/// Where a payment that is under way goes on.
pub(super) fn goes_on_at(view: &CheckoutView) -> Option<&str> {
    let page = view.at_gateway.as_ref();
    page.filter(|_| view.status == CheckoutStatus::Processing)
        .and_then(|page| page.url.as_deref())
}

fn form(view: &CheckoutView, about: &Circumstances, price: &str) -> String {
    let is_sandbox = *view.opened.gateway == *GATEWAY_SANDBOX;
    let goes_on = goes_on_at(view).is_some() && about.came_back != Some(CameBack::Paid);
    let pay = match is_free(view) {
        true => "Begin".to_owned(),
        false => format!("Pay {price}"),
    };
    let buttons: &[(&str, &str)] = match view.status {
        CheckoutStatus::Open | CheckoutStatus::Failed if about.hindrance.is_some() => {
            return String::new();
        }
        CheckoutStatus::Open | CheckoutStatus::Failed if is_sandbox => &[
            ("pay", &pay),
            ("fail", "Let the payment fail"),
            ("cancel", "Call it off"),
        ],
        CheckoutStatus::Open | CheckoutStatus::Failed => &[("pay", &pay)],
        CheckoutStatus::Processing if goes_on => &[("pay", "Go to the payment service")],
        CheckoutStatus::Processing
        | CheckoutStatus::Cancelled
        | CheckoutStatus::Expired
        | CheckoutStatus::Paid => return String::new(),
    };
    let mut out = format!(
        "<form method=\"post\" action=\"/checkout/{}\">",
        escape(&view.opened.id)
    );
    for (place, (value, label)) in buttons.iter().enumerate() {
        let class = if place == 0 { " class=\"main\"" } else { "" };
        let _ = write!(
            out,
            "<button{class} type=\"submit\" name=\"action\" value=\"{value}\">{}</button>",
            escape(label)
        );
    }
    out.push_str("</form>");
    out
}

/// Where the form may lead, redirects included: browsers check those too.
fn form_targets(view: &CheckoutView) -> String {
    let opened = &view.opened;
    let back = [opened.success_url.as_deref(), opened.cancel_url.as_deref()];
    let page = goes_on_at(view);
    let origins = back.into_iter().chain([page]).flatten().filter_map(origin);
    let mut targets = vec!["'self'".to_owned()];
    // Payment services redirect among hosts of theirs.
    targets.extend((*opened.gateway != *GATEWAY_SANDBOX).then(|| "https:".to_owned()));
    targets.extend(origins);
    targets.join(" ")
}

fn policy(form_targets: &str) -> String {
    format!(
        "default-src 'none'; style-src {}; form-action {form_targets}; base-uri 'none'; \
         frame-ancestors 'none'",
        hash_of(STYLE)
    )
}
