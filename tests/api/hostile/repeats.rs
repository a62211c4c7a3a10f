//! The same delivery again and again, and one captured delivery dressed as many.

use std::sync::Barrier;

use crate::bad_input::events;
use crate::world::{RAZORPAY_SECRET, World, hmac_hex, sample};

#[test]
fn one_delivery_a_hundred_times_is_recorded_once() {
    let world = World::on_disk();
    let body = sample("razorpay", "02");
    let first = world.razorpay(&body);
    assert_eq!(first.word("status"), "recorded");
    for _ in 1..100 {
        let again = world.razorpay(&body);
        assert_eq!(again.status, 200);
        assert_eq!(
            (again.word("status").as_str(), again.seq()),
            ("duplicate", first.seq())
        );
    }
    assert_eq!(events(&world), 2);
    assert_eq!(world.read("/v1/stats")["duplicates"], 99);
}

/// The id is no part of what Razorpay signs, so whoever holds one delivery can send it under any.
#[test]
fn one_body_under_a_hundred_ids_at_once_is_one_event() {
    let world = World::on_disk();
    let body = sample("razorpay", "02");
    let signature = hmac_hex(RAZORPAY_SECRET, &body);
    let start = Barrier::new(20);
    let recorded: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20)
            .map(|thread| {
                let (world, body, signature, start) = (&world, &body, &signature, &start);
                scope.spawn(move || {
                    start.wait();
                    let send = |n: u32| {
                        let id = format!("evt_{thread}_{n}");
                        let headers = [
                            ("x-razorpay-signature", signature.as_str()),
                            ("x-razorpay-event-id", id.as_str()),
                        ];
                        let answer = world.post("/webhooks/razorpay", &headers, body);
                        assert_eq!((answer.status, answer.seq()), (200, 2), "{}", answer.text);
                        usize::from(answer.word("status") == "recorded")
                    };
                    (0..5).map(send).sum::<usize>()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(recorded, 1);
    assert_eq!(events(&world), 2);
}
