//! Looks back at random lives. What a ledger answers about a moment is what another ledger answers
//! that was told only what had happened and was known by then, with its clock put to that moment:
//! so each moment has a fresh world of its own, and every route is asked in both.

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde_json::Value;
use subledger::domain::time::Timestamp;

use super::story::life;
use crate::world::{Answer, KEY, NOW, World, samples};

/// How many lives the gate tries, each at how many moments.
const LIVES: u64 = 12;
const MOMENTS: usize = 4;

#[derive(Clone)]
enum Step {
    Send {
        provider: &'static str,
        body: Vec<u8>,
        is_late: bool,
    },
    /// Of the step at that place.
    Accept(usize),
}

/// A step as the first world recorded it; times in milliseconds.
struct Recorded {
    step: Step,
    seq: u64,
    recorded_at: i64,
    happened_at: i64,
}

/// What is asked for; milliseconds.
#[derive(Debug, Default)]
struct Moment {
    as_of: Option<i64>,
    known_seq: Option<u64>,
    known_time: Option<i64>,
}

fn written(millis: i64) -> String {
    Timestamp::from_millis(millis).unwrap().to_string()
}

fn millis(time: &Value) -> i64 {
    Timestamp::parse(time.as_str().unwrap())
        .unwrap()
        .as_millis()
}

impl Moment {
    fn query(&self) -> String {
        let as_of = self.as_of.map(|at| format!("as_of={}", written(at)));
        let seq = self.known_seq.map(|seq| format!("known_at=seq:{seq}"));
        let time = self
            .known_time
            .map(|at| format!("known_at={}", written(at)));
        let all: Vec<_> = [as_of, seq, time].into_iter().flatten().collect();
        all.join("&")
    }

    fn knows(&self, seq: u64, recorded_at: i64) -> bool {
        self.known_seq.is_none_or(|known| seq <= known)
            && self.known_time.is_none_or(|known| recorded_at <= known)
    }

    fn covers(&self, recorded: &Recorded) -> bool {
        self.knows(recorded.seq, recorded.recorded_at)
            && self.as_of.is_none_or(|as_of| recorded.happened_at <= as_of)
    }
}

/// Sends a step; a late delivery is one that its provider signed ten minutes ago.
fn carry_out(world: &World, step: &Step, seqs: &[Option<u64>]) -> Answer {
    match step {
        Step::Send {
            provider: "kelviq",
            body,
            is_late,
        } => {
            let now = crate::world::seconds(NOW);
            world.kelviq_at(body, if *is_late { now - 600 } else { now })
        }
        Step::Send { provider, body, .. } => world.send(provider, body),
        Step::Accept(place) => {
            let seq = seqs[*place].unwrap();
            let path = format!("/v1/quarantine/{seq}/accept");
            world.ask("POST", &path, Some(KEY), &[], b"")
        }
    }
}

/// A life of all providers, some of it late and accepted later, in a random order.
fn steps(seed: u64, dice: &mut StdRng) -> Vec<Step> {
    let told = life(seed).into_iter();
    let told = told.map(|delivery| (delivery.provider, delivery.bytes()));
    let kelviq = samples("kelviq")
        .into_iter()
        .map(|(_, body)| ("kelviq", body));
    let kelviq: Vec<_> = kelviq.collect();
    let mut all: Vec<_> = told
        .chain(kelviq.choose_multiple(dice, 12).cloned())
        .collect();
    all.sort();
    all.dedup();
    all.shuffle(dice);
    let mut steps = Vec::new();
    for (provider, body) in all {
        let is_late = provider == "kelviq" && dice.random_bool(0.4);
        steps.push(Step::Send {
            provider,
            body,
            is_late,
        });
        let late: Vec<usize> = (0..steps.len())
            .filter(|place| matches!(steps[*place], Step::Send { is_late: true, .. }))
            .collect();
        if dice.random_bool(0.2) {
            steps.extend(late.choose(dice).map(|place| Step::Accept(*place)));
        }
    }
    steps
}

/// The first world: everything, a moment after the other.
fn tell(steps: Vec<Step>, dice: &mut StdRng) -> (World, Vec<Recorded>) {
    let world = World::new();
    let mut now = crate::world::seconds(NOW) * 1_000;
    let (mut recorded, mut seqs): (Vec<Recorded>, Vec<Option<u64>>) = Default::default();
    for step in steps {
        now += [0, 1, 1_000][dice.random_range(0..3)];
        world.set_time(&written(now));
        let answer = carry_out(&world, &step, &seqs);
        // An acceptance of what is not understood, or was accepted before, records nothing.
        let new = answer.status == 200 && answer.word("status") != "duplicate";
        let seq = (new && world.read("/v1/stats")["last_seq"] == answer.json()["seq"])
            .then(|| answer.seq());
        seqs.push(seq);
        let Some(seq) = seq else {
            recorded.push(Recorded {
                step,
                seq: 0,
                recorded_at: now,
                happened_at: i64::MAX,
            });
            continue;
        };
        let event = world.read(&format!("/v1/events/{seq}"));
        let happened_at = match &step {
            Step::Accept(place) => recorded[*place].happened_at,
            Step::Send { .. } => millis(&event["occurred_at"]),
        };
        recorded.push(Recorded {
            step,
            seq,
            recorded_at: now,
            happened_at,
        });
    }
    (world, recorded)
}

/// Another world that was told only what the moment covers; with it, which event of the first world
/// each of its events is.
fn tell_until(recorded: &[Recorded], moment: &Moment) -> (World, Vec<u64>) {
    let world = World::new();
    world.set_time(NOW);
    let mut seqs = vec![None; recorded.len()];
    let mut originals = vec![0, 1];
    for (place, one) in recorded.iter().enumerate() {
        let is_heard = one.seq > 0 && moment.covers(one);
        let is_there = |place: usize| seqs[place].is_some();
        let can = match one.step {
            Step::Accept(place) => is_there(place),
            Step::Send { .. } => true,
        };
        if is_heard && can {
            let answer = carry_out(&world, &one.step, &seqs);
            assert_eq!(answer.status, 200, "{}", answer.text);
            seqs[place] = Some(answer.seq());
            originals.push(one.seq);
        }
    }
    (world, originals)
}

/// A copy of the answer in the first world's numbers, less what only its own records say.
fn translated(value: &Value, originals: &[u64]) -> Value {
    let own = ["recorded_at", "leaf_hash", "flags"];
    match value {
        Value::Object(fields) => {
            // When something was accepted is also only this ledger's.
            let is_ours = fields.get("provider") == Some(&"subledger".into());
            let is_own = |name: &str| own.contains(&name) || (is_ours && name == "occurred_at");
            let kept = fields.iter().filter(|(name, _)| !is_own(name));
            let kept = kept.map(|(name, value)| {
                let seq = ["seq", "last_seq"].contains(&name.as_str());
                let value = match value.as_u64().filter(|_| seq) {
                    Some(seq) => originals[usize::try_from(seq).unwrap()].into(),
                    None => translated(value, originals),
                };
                (name.clone(), value)
            });
            Value::Object(kept.collect())
        }
        Value::Array(all) => all.iter().map(|one| translated(one, originals)).collect(),
        other => other.clone(),
    }
}

/// Every path about one customer, subscription or payment, and of lists whose they are.
fn paths(world: &World) -> Vec<(String, Option<String>)> {
    let list = |name: &str| {
        let page = world.read(&format!("/v1/{name}?limit=200"));
        page["data"].as_array().unwrap().clone()
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut paths = Vec::new();
    for customer in list("customers") {
        let references = customer["references"].as_object().unwrap().values();
        let ids = [&customer["id"], &customer["customer_identifier"]];
        for id in ids.into_iter().chain(references).filter_map(text) {
            let own = format!("/v1/customers/{id}");
            paths.push((format!("{own}/entitlements?"), None));
            paths.push((format!("{own}/events?limit=200&"), None));
            for name in ["subscriptions", "payments"] {
                let path = format!("/v1/{name}?limit=200&customer={id}&");
                paths.push((path, Some(own.clone())));
            }
            paths.push((format!("{own}?"), None));
        }
    }
    for one in list("subscriptions") {
        let ids = [&one["id"], &one["provider_subscription_id"]];
        let ids = ids.into_iter().filter_map(text);
        paths.extend(ids.map(|id| (format!("/v1/subscriptions/{id}?"), None)));
    }
    let paid = list("payments");
    let ids = paid.iter().filter_map(|one| text(&one["id"]));
    paths.extend(ids.map(|id| (format!("/v1/payments/{id}?"), None)));
    paths
}

fn some_moment(recorded: &[Recorded], dice: &mut StdRng) -> Moment {
    let told: Vec<_> = recorded.iter().filter(|one| one.seq > 0).collect();
    let mut moment = Moment::default();
    // At an event's very time as often as a millisecond before.
    let before = |dice: &mut StdRng| i64::from(dice.random_bool(0.5));
    let which = dice.random_range(0..5);
    if which != 0 && which != 1 {
        let at = told.choose(dice).unwrap().happened_at - before(dice);
        moment.as_of = Some(at.max(0));
    }
    match which {
        0 | 2 => moment.known_seq = Some(told.choose(dice).unwrap().seq),
        1 | 3 => moment.known_time = Some(told.choose(dice).unwrap().recorded_at - before(dice)),
        _ => {}
    }
    moment
}

fn differences(world: &World, recorded: &[Recorded], moment: &Moment) -> (usize, Vec<String>) {
    let (other, originals) = tell_until(recorded, moment);
    let last = recorded
        .iter()
        .filter(|one| one.seq > 0)
        .map(|one| (one.seq, one.recorded_at));
    let known = last.filter(|(seq, at)| moment.knows(*seq, *at)).max();
    let started = (1, crate::world::seconds(NOW) * 1_000);
    let (seq, seq_at) = known.unwrap_or(started);
    let known_at = moment.known_time.or(moment.known_seq.map(|_| seq_at));
    let clock = moment.as_of.or(known_at);
    let now = recorded.last().unwrap().recorded_at;
    other.set_time(&written(clock.unwrap_or(now)));
    let (mut found, mut there) = (Vec::new(), 0);
    for (path, owner) in paths(world) {
        let asked = world.get(&format!("{path}{}", moment.query()));
        let wanted = match owner.map(|owner| other.get(&owner)) {
            Some(none) if none.status == 404 => none,
            _ => other.get(path.trim_end_matches(['?', '&'])),
        };
        let mut same = wanted.status == asked.status;
        if wanted.status == 404 {
            same &= asked.word("code") == "not_yet";
        } else if same {
            there += 1;
            let known = if moment.known_time.is_some() || moment.known_seq.is_some() {
                seq.to_string()
            } else {
                world.read("/v1/stats")["last_seq"].to_string()
            };
            let none = translated(&asked.json(), &(0..1_000).collect::<Vec<_>>());
            same &= none == translated(&wanted.json(), &originals)
                && asked.header("x-ledger-seq") == Some(&*known);
        }
        if !same {
            let (asked, wanted) = (asked.text, wanted.text);
            found.push(format!("{path}{}:\n {asked}\n {wanted}", moment.query()));
        }
    }
    (there, found)
}

/// `LIVES_SEED=n` tries only that life, `LIVES_COUNT` more than the gate has time for.
#[test]
fn a_moment_of_a_life_is_shown_as_a_ledger_that_knew_no_more_shows_it() {
    let number = |name| Some(std::env::var(name).ok()?.parse::<u64>().unwrap());
    let seeds = match number("LIVES_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LIVES_COUNT").unwrap_or(LIVES),
    };
    let mut there = 0;
    for seed in seeds {
        let mut dice = StdRng::seed_from_u64(seed);
        let steps = steps(seed, &mut dice);
        let (world, recorded) = tell(steps, &mut dice);
        for _ in 0..MOMENTS {
            let moment = some_moment(&recorded, &mut dice);
            let (shown, found) = differences(&world, &recorded, &moment);
            there += shown;
            assert!(
                found.is_empty(),
                "LIVES_SEED={seed} {moment:?}\n{}",
                found.join("\n")
            );
        }
    }
    assert!(there > 100, "something is there at these moments: {there}");
}
