//! Tokens of models: what they cost, to the last digit, and what they debit.

use serde_json::json;
use subledger::ledger::limits::TOKENS_MAX;
use subledger::ledger::{Actor, CommandError, Counted, Request, TokenUse};

use super::{BYTES, COMPANY, CREDITS, asked, events, join, number, refusal, row, wait, world};
use crate::world::World;

fn used(input: u64, output: u64) -> TokenUse {
    TokenUse {
        company_id: Some(COMPANY.into()),
        customer: "ana".into(),
        checkpoint: "session-ended".into(),
        provider: "OPENAI".into(),
        model: "GPT_4".into(),
        input,
        output,
        session_id: Some("1234".into()),
        extra: Some(r#"{"key1":"value1"}"#.into()),
    }
}

fn count(world: &World, used: TokenUse) -> Result<Counted, CommandError> {
    wait(world.ledger().count_tokens(used, &asked()))
}

#[test]
fn tokens_are_priced_exactly_and_debited() {
    let world = world();
    join(&world, "ana");
    let counted = count(&world, used(100, 200)).unwrap();
    let tokens = counted.usage.tokens.clone().unwrap();
    assert_eq!(tokens.input_cost, number("0.003"));
    assert_eq!(tokens.output_cost, number("0.012"));
    assert_eq!(counted.usage.amount, number("1.5"));
    assert_eq!(&*counted.usage.meter_id, CREDITS);
    assert!(counted.usage.id.starts_with("CHU-") && counted.checkpoint_id.starts_with("CHK-"));
    assert_eq!(counted.at.to_string(), super::START);
    assert_eq!(row(&world, "ana", "", CREDITS)["remaining"], "98.5");
    // 0.003 each: floats would not come to this.
    for _ in 0..3 {
        count(&world, used(1, 0)).unwrap();
    }
    assert_eq!(row(&world, "ana", "", CREDITS)["usage"], "1.509");
    // The price for this checkpoint stands before the one for all.
    let batch = TokenUse {
        checkpoint: "batch".into(),
        ..used(1, 7)
    };
    let counted = count(&world, batch).unwrap();
    assert_eq!(counted.usage.amount, number("0.0000032625"));
    assert_eq!(row(&world, "ana", "", BYTES)["usage"], "0.0000032625");
    let event = world.read(&format!("/v1/events/{}", counted.seq));
    assert_eq!(event["event_type"], "usage.counted");
    assert_eq!(event["customer_identifier"], "ana");
    assert!(
        event["body"]
            .as_str()
            .unwrap()
            .contains(r#""input_cost":"0.0000000375""#)
    );
}

#[test]
fn a_repeated_request_gets_the_first_answer_and_counts_once() {
    let world = world();
    join(&world, "ana");
    let once = || Request::once(Actor::Admin, "POST", "/path", "key-1", b"body");
    let ask = || wait(world.ledger().count_tokens(used(100, 200), &once())).unwrap();
    let first = ask();
    world.set_time("2026-12-02T10:00:00Z");
    assert_eq!(ask(), first);
    assert_eq!(row(&world, "ana", "", CREDITS)["usage"], json!("1.5"));
}

#[test]
fn what_has_no_price_is_refused_by_its_field() {
    let world = world();
    join(&world, "ana");
    let before = events(&world);
    let long = "x".repeat(201);
    let wrong = [
        (
            "model",
            TokenUse {
                model: "GPT_9".into(),
                ..used(1, 1)
            },
        ),
        (
            "model",
            TokenUse {
                provider: "NOBODY".into(),
                ..used(1, 1)
            },
        ),
        ("input", used(TOKENS_MAX + 1, 0)),
        ("output", used(0, TOKENS_MAX + 1)),
        (
            "checkpoint",
            TokenUse {
                checkpoint: "".into(),
                ..used(1, 1)
            },
        ),
        (
            "provider",
            TokenUse {
                provider: "a\nb".into(),
                ..used(1, 1)
            },
        ),
        (
            "session_id",
            TokenUse {
                session_id: Some(long.into()),
                ..used(1, 1)
            },
        ),
        (
            "extra",
            TokenUse {
                extra: Some("x".repeat(20_000).into()),
                ..used(1, 1)
            },
        ),
    ];
    for (field, used) in wrong {
        let sentence = refusal(count(&world, used));
        assert!(
            sentence.contains(&format!("`{field}`")),
            "{field}: {sentence}"
        );
    }
    assert_eq!(events(&world), before);
}
