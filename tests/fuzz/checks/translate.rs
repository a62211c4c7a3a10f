//! A body of any bytes means something to every provider's translator: the same each time, and no
//! more than what it says.

use subledger::domain::delivery::Received;
use subledger::domain::event::Standing;
use subledger::providers;

/// Facts of one event: the entities of a payload, and what each says of links and people.
const CHANGES_MAX: usize = 64;
/// A body's notes and contact stand in several of its facts, and control characters are written
/// out: what is made of a body may be longer than it, by no more than this.
const GROWTH_MAX: usize = 128;
const WORDS_BYTES: usize = 32 * 1024;

pub fn check(body: &[u8]) {
    for name in providers::names() {
        let interpret = providers::interpreter(name).unwrap();
        let meaning = interpret(&Received { body });
        assert_eq!(
            meaning,
            interpret(&Received { body }),
            "{name}: twice, two meanings"
        );
        assert!(
            meaning.changes.len() <= CHANGES_MAX,
            "{name}: {}",
            meaning.changes.len()
        );
        let folded = meaning.standing == Standing::Folded;
        assert!(
            folded || meaning.changes.is_empty(),
            "{name}: set aside, and changes something"
        );
        let told = serde_json::to_vec(&meaning).unwrap().len();
        let bound = body.len() * GROWTH_MAX + WORDS_BYTES;
        assert!(told <= bound, "{name}: {told} bytes of {}", body.len());
    }
}
