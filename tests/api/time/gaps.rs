//! A service that was down, a clock that was set back, very many ends at one moment, and a state
//! that was kept: each end is told all the same, once, and nothing else changes.

use std::time::{Duration, Instant};

use subledger::ledger::Cancel::EndOfCycle;

use super::life::{FREE, Life, PRO, TASTE, at};

/// More than are handed to the writer at once, more than one commit holds.
const MANY: usize = 700;

#[test]
fn what_fell_due_while_the_service_was_down_is_told_by_the_start() {
    let life = Life::on_disk();
    let trial = life.join("ada", PRO, None);
    let dated = life.join("bob", FREE, None);
    life.end_at("bob", &dated, "2027-02-05T00:00:00Z").unwrap();
    let paid = life.join("cem", PRO, None);
    life.buy("cem");
    life.cancel("cem", &paid, EndOfCycle).unwrap();
    let life = life.down_until("2027-05-01T00:00:00Z");
    // Nobody has settled anything but the start itself.
    let told = life.told();
    for line in [
        "subscription.ended 2027-02-05T00:00:00.000Z",
        "trial.ended 2027-02-14T10:00:00.000Z",
        "subscription.ended 2027-02-28T10:00:00.000Z",
    ] {
        assert_eq!(told.matches(line).count(), 1, "{line} in {told}");
    }
    assert_eq!(life.standing(&trial).0, "expired");
    assert_eq!(life.standing(&dated).0, "expired");
    assert_eq!(life.standing(&paid).0, "canceled");
    let events = life.world.read("/v1/stats")["events"].clone();
    let life = life.down_until("2027-06-01T00:00:00Z");
    assert_eq!(
        life.world.read("/v1/stats")["events"],
        events,
        "and not again"
    );
}

/// Its trial and its end date both passed: the earlier one ended it, and only that is told.
#[test]
fn of_two_ends_that_passed_meanwhile_the_earlier_one_ended_it() {
    let life = Life::on_disk();
    let id = life.join("ada", PRO, None);
    life.end_at("ada", &id, "2027-02-10T00:00:00Z").unwrap();
    let life = life.down_until("2027-03-01T00:00:00Z");
    let shown = life.subscription(&id);
    assert_eq!(shown["status"], "expired");
    assert_eq!(shown["ended_at"], "2027-02-10T00:00:00.000Z");
    assert_eq!(life.told(), "subscription.ended 2027-02-10T00:00:00.000Z\n");
}

/// The events are dated by what was due, so a ledger that was down shows the same past.
#[test]
fn a_ledger_that_was_down_comes_to_the_same_as_one_that_was_not() {
    let story = |down: bool| {
        let mut life = Life::on_disk();
        let ids = [life.join("ada", PRO, None), life.join("bob", TASTE, None)];
        life.buy("ada");
        if down {
            life = life.down_until("2027-04-01T00:00:00Z");
        } else {
            for day in ["2027-02-10", "2027-02-20", "2027-03-01", "2027-04-01"] {
                life.until(&format!("{day}T00:00:00Z"));
            }
        }
        let shown = |who: &str| {
            let text = life.world.read(&format!("/v1/customers/{who}")).to_string();
            // Ids of a command are chance.
            text.replace(ids[0].as_str(), "SUA")
                .replace(ids[1].as_str(), "SUA")
        };
        let [ada, bob] = ["ada", "bob"].map(|who| {
            let mut shown: serde_json::Value = serde_json::from_str(&shown(who)).unwrap();
            shown["id"].take();
            for held in shown["subscriptions"].as_array_mut().unwrap() {
                held["customer"]["id"].take();
            }
            shown
        });
        (ada, bob, life.told())
    };
    assert_eq!(story(true), story(false));
}

/// The thread itself, without anybody who asks it to settle.
#[test]
fn the_service_tells_by_itself() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.world.clock.set(at("2027-02-14T10:00:00Z"));
    let deadline = Instant::now() + Duration::from_secs(30);
    while life.standing(&id).0 != "expired" {
        assert!(Instant::now() < deadline, "nobody told it");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(life.told(), "trial.ended 2027-02-14T10:00:00.000Z\n");
}

#[test]
fn a_clock_that_is_set_back_takes_nothing_back_and_tells_nothing_twice() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    let other = life.join("bob", TASTE, None);
    life.until("2027-02-07T10:00:00Z");
    let told = life.told();
    life.world.clock.leap(at("2027-02-01T00:00:00Z"));
    life.settle();
    assert_eq!(life.standing(&other).0, "active");
    // What is asked now counts all the same, also before what was asked then.
    life.end_at("ada", &id, "2027-02-10T00:00:00Z").unwrap();
    life.end_at("ada", &id, "2027-02-12T00:00:00Z").unwrap();
    life.until("2027-02-07T10:00:00Z");
    assert_eq!(life.told(), told);
    life.until("2027-02-11T00:00:00Z");
    assert_eq!(life.standing(&id), ("trialing".to_owned(), true));
    life.until("2027-02-12T00:00:00Z");
    assert_eq!(life.standing(&id), ("expired".to_owned(), false));
    let told = format!("{told}subscription.ended 2027-02-12T00:00:00.000Z\n");
    assert_eq!(life.told(), told);
}

/// A command that is asked under a clock that was set back is later than one asked before.
#[test]
fn of_two_commands_the_later_counts_though_the_clock_was_set_back_between() {
    let life = Life::new();
    let id = life.join("ada", FREE, None);
    life.until("2027-02-07T00:00:00Z");
    life.end_at("ada", &id, "2027-03-01T00:00:00Z").unwrap();
    life.world.clock.leap(at("2027-02-01T00:00:00Z"));
    life.end_at("ada", &id, "2027-04-01T00:00:00Z").unwrap();
    assert_eq!(
        life.subscription(&id)["access"]["until"],
        "2027-04-01T00:00:00.000Z"
    );
}

/// A clock that leaps by more than a day is not believed: nobody's trial ends by it.
#[test]
fn a_clock_that_leaps_ends_nothing() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.world.clock.leap(at("2028-01-01T00:00:00Z"));
    assert!(
        life.world.ledger().settle_due().is_err(),
        "the leap is noticed"
    );
    life.world.clock.leap(at("2027-02-01T00:00:00Z"));
    life.settle();
    assert_eq!(life.standing(&id), ("trialing".to_owned(), true));
    assert_eq!(life.told(), "");
}

#[test]
fn very_many_ends_at_one_moment_are_each_told_once() {
    let life = Life::new();
    let ids: Vec<String> = (0..MANY)
        .map(|n| life.join(&format!("user-{n}"), PRO, None))
        .collect();
    life.until("2027-02-14T10:00:00Z");
    let told = life.told();
    assert_eq!(told.lines().count(), MANY);
    assert!(
        told.lines()
            .all(|line| line == "trial.ended 2027-02-14T10:00:00.000Z")
    );
    let stats = life.world.read("/v1/stats");
    assert_eq!(stats["subscriptions"]["expired"], MANY, "{stats}");
    assert_eq!(life.standing(&ids[MANY / 2]).0, "expired");
}

/// Kept in the middle of everything, the state knows what is still due.
#[test]
fn a_state_that_was_kept_knows_what_is_due() {
    let life = Life::on_disk();
    let trial = life.join("ada", PRO, None);
    let dated = life.join("bob", FREE, None);
    life.end_at("bob", &dated, "2027-02-05T00:00:00Z").unwrap();
    life.until("2027-02-06T00:00:00Z");
    let checkout = life.checkout("ada");
    let kept = life.world.ledger().keepsake();
    let mut life = life.down_until("2027-02-06T00:00:01Z");
    assert_eq!(life.world.ledger().keepsake().differences(&kept), []);
    life.pay(&checkout);
    life = life.down_until("2027-02-06T00:00:02Z");
    life.until("2027-04-01T00:00:00Z");
    assert_eq!(life.standing(&trial).0, "expired");
    assert_eq!(
        life.subscription(&trial)["ended_at"],
        "2027-03-06T00:00:01.000Z"
    );
    let told = life.told();
    assert_eq!(told.matches("subscription.ended").count(), 2, "{told}");
}
