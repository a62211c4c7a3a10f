//! Subscriptions that somebody begins, changes or cancels without a payment: what follows at once,
//! what follows with time, and what is refused.

use serde_json::Value;
use subledger::domain::catalog::Period;
use subledger::domain::own::Quantity;
use subledger::ledger::{
    Actor, Cancel, Cancelling, CommandError, NewSubscription, PlanChange, Refusal, Request,
    TrialEnd,
};

use super::life::{FREE, Life, PRO, START, asked, at, wait};

type Had = Result<(u64, String), CommandError>;

fn new(who: &str, plan: &str) -> NewSubscription {
    NewSubscription {
        customer: who.into(),
        plan_identifier: plan.into(),
        period: Period::Monthly,
        quantities: Vec::new(),
        currency: None,
    }
}

fn change(subscription: &str, plan: &str) -> PlanChange {
    PlanChange {
        subscription: subscription.into(),
        plan_identifier: plan.into(),
        period: Period::Monthly,
        quantities: None,
        trial_end: None,
    }
}

fn seats(count: u64) -> Vec<Quantity> {
    vec![Quantity {
        feature: "seats".into(),
        count,
    }]
}

fn begin(life: &Life, asked_for: NewSubscription, request: &Request) -> Had {
    wait(life.world.ledger().create_subscription(asked_for, request))
}

fn had(life: &Life, asked_for: NewSubscription) -> String {
    begin(life, asked_for, &asked()).unwrap().1
}

fn turn(life: &Life, asked_for: PlanChange) -> Had {
    wait(life.world.ledger().change_plan(asked_for, &asked()))
}

fn is(life: &Life, id: &str, status: &str, granted: bool) {
    assert_eq!(life.standing(id), (status.to_owned(), granted));
}

fn why(told: Had) -> String {
    match told {
        Err(CommandError::Refused(Refusal::Invalid(why))) => why,
        told => panic!("{told:?}"),
    }
}

/// The limit of a feature by a subscription's row.
fn limit(life: &Life, who: &str, subscription: &str) -> Value {
    let shown = life
        .world
        .read(&format!("/v1/customers/{who}/entitlements"));
    let rows = shown["entitlements"].as_array().unwrap();
    let mut of = rows
        .iter()
        .filter(|row| row["subscription_id"] == subscription);
    of.next().map_or(Value::Null, |row| row["limit"].clone())
}

#[test]
fn what_somebody_begins_is_in_force_at_once_and_stays() {
    let life = Life::new();
    life.join("ada", FREE, None);
    let team = NewSubscription {
        quantities: seats(5),
        ..new("ada", "team")
    };
    let team = had(&life, team);
    is(&life, &team, "active", true);
    assert_eq!(life.subscription(&team)["paid_through"], Value::Null);
    assert_eq!(limit(&life, "ada", &team), "5");
    let seq = life.world.ledger().last_seq();
    let path = "/v1/customers/ada/entitlements?explain=true";
    let explained = life.world.read(path);
    let by = &explained["entitlements"][0]["explain"]["limit"];
    assert_eq!(by["seq"], seq, "{explained}");
    // The plan's trial comes first, and ends in the plan.
    let pro = had(&life, new("ada", "pro"));
    is(&life, &pro, "trialing", true);
    life.until("2029-01-01T00:00:00Z");
    is(&life, &pro, "active", true);
    is(&life, &team, "active", true);
    assert_eq!(life.told(), "trial.ended 2027-02-14T10:00:00.000Z\n");
    // The same plan may be had twice.
    assert_ne!(had(&life, new("ada", "team")), team);
}

#[test]
fn a_repetition_is_answered_with_the_first() {
    let life = Life::on_disk();
    life.join("ada", FREE, None);
    let once = |key: &str| Request::once(Actor::Admin, "POST", "/x", key, b"{}");
    let first = begin(&life, new("ada", "team"), &once("one")).unwrap();
    assert_eq!(
        begin(&life, new("ada", "team"), &once("one")),
        Ok(first.clone())
    );
    let turned = || {
        let asked_for = PlanChange {
            period: Period::Yearly,
            ..change(&first.1, "team")
        };
        wait(life.world.ledger().change_plan(asked_for, &once("two")))
    };
    let second = turned().unwrap();
    assert_ne!(second.1, first.1);
    assert_eq!(turned(), Ok(second.clone()), "though the first is over");
    is(&life, &first.1, "superseded", false);
    let life = life.down_until("2027-02-02T00:00:00Z");
    is(&life, &first.1, "superseded", false);
    is(&life, &second.1, "active", true);
}

#[test]
fn another_plan_keeps_what_was_paid_and_what_was_bought() {
    let life = Life::new();
    let trial = life.join("ada", PRO, None);
    life.buy("ada");
    let (_, team) = turn(&life, change(&trial, "team")).unwrap();
    let through = life.subscription(&trial)["paid_through"].clone();
    assert_eq!(life.subscription(&team)["paid_through"], through);
    is(&life, &trial, "superseded", false);
    is(&life, &team, "active", true);
    assert_eq!(limit(&life, "ada", &team), "1");
    // More seats, and the same again: nothing changes.
    let more = || PlanChange {
        quantities: Some(seats(7)),
        ..change(&team, "team")
    };
    let (_, seven) = turn(&life, more()).unwrap();
    assert_eq!(limit(&life, "ada", &seven), "7");
    let seq = life.world.ledger().last_seq();
    let again = PlanChange {
        subscription: seven.clone(),
        ..more()
    };
    assert_eq!(turn(&life, again), Ok((seq, seven.clone())));
    assert_eq!(life.world.ledger().last_seq(), seq);
    // Said by its new id, the number of seats is kept.
    let yearly = PlanChange {
        period: Period::Yearly,
        ..change(&seven, "team")
    };
    let (_, yearly) = turn(&life, yearly).unwrap();
    assert_eq!(limit(&life, "ada", &yearly), "7");
    life.until("2027-02-28T09:59:59.999Z");
    is(&life, &yearly, "active", true);
    life.until("2027-02-28T10:00:00Z");
    is(&life, &yearly, "expired", false);
    assert_eq!(life.told(), "subscription.ended 2027-02-28T10:00:00.000Z\n");
}

#[test]
fn a_trial_is_kept_ended_or_set() {
    let life = Life::new();
    life.join("ada", FREE, None);
    let pro = had(&life, new("ada", "pro"));
    let (_, team) = turn(&life, change(&pro, "team")).unwrap();
    is(&life, &team, "trialing", true);
    let end = |end| PlanChange {
        trial_end: Some(end),
        ..change(&team, "team")
    };
    let past = why(turn(&life, end(TrialEnd::At(at(START)))));
    assert!(past.contains("`trial_end`"), "{past}");
    let later = at("2027-03-01T00:00:00Z");
    let (_, longer) = turn(&life, end(TrialEnd::At(later))).unwrap();
    life.until("2027-02-20T00:00:00Z");
    is(&life, &longer, "trialing", true);
    let now = PlanChange {
        subscription: longer,
        ..end(TrialEnd::Now)
    };
    let (_, active) = turn(&life, now).unwrap();
    is(&life, &active, "active", true);
    life.until("2027-04-01T00:00:00Z");
    is(&life, &active, "active", true);
    assert_eq!(life.told(), "");
    // One that must be paid for after its trial must be under another plan too.
    let must = life.join("bob", PRO, Some(3));
    let at_once = PlanChange {
        trial_end: Some(TrialEnd::Now),
        ..change(&must, "team")
    };
    assert!(why(turn(&life, at_once)).contains("`trial_end`"));
    let (_, other) = turn(&life, change(&must, "team")).unwrap();
    is(&life, &other, "trialing", true);
    life.until("2027-04-04T00:00:00Z");
    is(&life, &other, "expired", false);
}

#[test]
fn what_cannot_be_had_is_refused_by_its_field() {
    let life = Life::new();
    let free = life.join("ada", FREE, None);
    let team = had(&life, new("ada", "team"));
    let seq = life.world.ledger().last_seq();
    let wanted = |plan: &str, period, quantities| NewSubscription {
        period,
        quantities,
        ..new("ada", plan)
    };
    let twice = [seats(1), seats(2)].concat();
    for (field, asked_for) in [
        ("`plan`", wanted("gone", Period::Monthly, Vec::new())),
        ("`period`", wanted("team", Period::Weekly, Vec::new())),
        ("`quantities`", wanted("team", Period::Monthly, seats(0))),
        ("`quantities`", wanted("team", Period::Monthly, twice)),
        ("`quantities`", wanted("pro", Period::Monthly, seats(1))),
        (
            "`currency`",
            NewSubscription {
                currency: Some("EUR".into()),
                ..new("ada", "team")
            },
        ),
    ] {
        let why = why(begin(&life, asked_for, &asked()));
        assert!(why.contains(field), "{field}: {why}");
    }
    for (field, asked_for) in [
        ("`plan`", change(&team, "gone")),
        ("`plan`", change(&free, "team")),
        (
            "`period`",
            PlanChange {
                period: Period::Weekly,
                ..change(&team, "team")
            },
        ),
    ] {
        let why = why(turn(&life, asked_for));
        assert!(why.contains(field), "{field}: {why}");
    }
    let nobody = begin(&life, new("eve", "team"), &asked());
    assert_eq!(nobody, Err(Refusal::NoSuchCustomer.into()));
    let nothing = turn(&life, change("SUA-0MD508X1S3000", "team"));
    assert_eq!(nothing, Err(Refusal::NoSuchSubscription.into()));
    assert_eq!(life.world.ledger().last_seq(), seq);
    let (_, next) = turn(&life, change(&team, "pro")).unwrap();
    assert!(why(turn(&life, change(&team, "pro"))).contains("superseded"));
    life.cancel("ada", &next, Cancel::Immediate).unwrap();
    assert!(why(turn(&life, change(&next, "team"))).contains("canceled"));
}

#[test]
fn a_cancel_names_its_date_and_its_reason() {
    let life = Life::new();
    life.join("ada", FREE, None);
    let team = had(&life, new("ada", "team"));
    let cancelling = |when| Cancelling {
        customer: None,
        subscription: team.clone(),
        when,
        feedback: Some("OTHER".into()),
        comment: Some("we moved".into()),
    };
    let cancel = |when| {
        let ledger = life.world.ledger();
        wait(ledger.cancel_subscription(cancelling(when), &asked()))
    };
    let past = cancel(Cancel::OnDate(at(START)));
    assert!(why(past.map(|seq| (seq, String::new()))).contains("`date`"));
    let seq = cancel(Cancel::OnDate(at("2027-05-01T00:00:00Z"))).unwrap();
    let event = life.world.read(&format!("/v1/events/{seq}"));
    assert_eq!(event["event_type"], "subscription.cancel_asked");
    is(&life, &team, "active", true);
    // Hastened: with the month that runs.
    cancel(Cancel::EndOfCycle).unwrap();
    let shown = life.subscription(&team);
    assert_eq!(shown["cancel_at"], "2027-02-28T10:00:00.000Z");
    life.until("2027-06-01T00:00:00Z");
    is(&life, &team, "canceled", false);
    assert_eq!(life.told(), "subscription.ended 2027-02-28T10:00:00.000Z\n");
}
