//! Random lives, told to the service in several orders with repetitions, against a model written
//! from the documents. A life has a seed; a failure prints it, and `LIVES_SEED=n` tries only it.

mod compare;
mod events;
mod found;
mod model;
mod moments;
mod money;
mod people;
mod reading;
mod shown;
mod story;

use std::sync::atomic::{AtomicUsize, Ordering};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};

use crate::world::{NOW, World};
use compare::{check_paths, customer_differences, differences};
use model::Model;
use shown::look;
use story::{Delivery, life};

/// How many lives the gate tries, each in how many orders.
const LIVES: u64 = 250;
const ORDERS: u64 = 3;

/// The life in a random order, some of it again: sent to a new world.
fn tell(deliveries: &[Delivery], order: u64) -> World {
    let mut dice = StdRng::seed_from_u64(order);
    let mut all = deliveries.to_vec();
    let again = deliveries.len() / 4;
    all.extend(deliveries.choose_multiple(&mut dice, again).cloned());
    all.shuffle(&mut dice);
    let world = World::new();
    for delivery in &all {
        let answer = world.send(delivery.provider, &delivery.bytes());
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let stats = world.read("/v1/stats");
    assert_eq!(stats["duplicates"], again, "{stats}");
    assert_eq!(stats["events"], deliveries.len() + 1, "{stats}");
    world
}

fn try_life(seed: u64) -> Vec<String> {
    let mut deliveries = life(seed);
    deliveries.sort_by_key(Delivery::bytes);
    deliveries.dedup_by_key(|delivery| delivery.bytes());
    if std::env::var("LIVES_SHOW").is_ok() {
        for delivery in &deliveries {
            eprintln!("{}", delivery.body);
        }
    }
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let mut model = Model::of(&deliveries, now.as_millisecond());
    let expected = model.expected();
    let world = tell(&deliveries, seed);
    let shown = look(&world);
    let mut found = differences(&expected, &model, &shown);
    if !model.ambiguous {
        found.extend(customer_differences(&expected, &shown));
        found.extend(check_paths(&world, &expected, &shown));
    }
    for order in 1..ORDERS {
        let other = look(&tell(&deliveries, seed ^ (order << 32)));
        found.extend(shown.first_difference(&other));
    }
    found
}

/// One life after the other on each of two threads: worlds are small and the tests' machine too.
fn try_lives(seeds: &[u64]) {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut bad = 0;
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = try_life(*seed);
            if !found.is_empty() {
                bad += 1;
                eprintln!("LIVES_SEED={seed}\n  {}", found.join("\n  "));
            }
        }
        bad
    };
    let bad: usize = std::thread::scope(|scope| {
        let other = scope.spawn(run);
        run() + other.join().unwrap()
    });
    assert_eq!(bad, 0, "of {} lives", seeds.len());
}

/// `LIVES_FROM` and `LIVES_COUNT` look further than the gate has time for.
#[test]
fn lives_are_shown_as_the_contract_says() {
    let number = |name| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    if let Some(seed) = number("LIVES_SEED") {
        return try_lives(&[seed]);
    }
    let from = number("LIVES_FROM").unwrap_or(0);
    let count = number("LIVES_COUNT").unwrap_or(LIVES);
    try_lives(&(from..from + count).collect::<Vec<_>>());
}
