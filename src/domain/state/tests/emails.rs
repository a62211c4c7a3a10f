//! The index of e-mail addresses against a model that looks at every creation every time: in any
//! order, repeated, and restored from a snapshot.

use super::under_way::snapshot_under_way;
use super::*;
use crate::domain::own::*;

const COMPANIES: [Option<&str>; 3] = [Some("COM-1"), Some("COM-2"), None];
const EMAILS: [&str; 4] = ["a@x.io", "A@X.io", "b@x.io", "ü@x.io"];
const IDENTIFIERS: [&str; 4] = ["user_1", "user_2", "a@x.io", "user_3"];

/// A creation: whose, under which company, with which address.
type Word = (usize, usize, usize);

fn created((identifier, company, email): Word, second: i64) -> Interpretation {
    let identifier = IDENTIFIERS[identifier];
    let fact = OwnFact::CustomerCreated(CustomerCreated {
        metadata: None,
        id: format!("CUS-{identifier}").into(),
        identifier: identifier.into(),
        email: Some(EMAILS[email].into()),
        first_name: None,
        last_name: None,
        phone: None,
        address: None,
        company_id: COMPANIES[company].map(Into::into),
        country_id: None,
        subscription: None,
    });
    let change = Change {
        occurred_at: time(second),
        revision: 0,
        rank: 0,
        fact: Fact::Own(Box::new(fact)),
    };
    Interpretation {
        event_type: None,
        occurred_at: time(second),
        standing: Standing::Folded,
        changes: vec![change],
    }
}

fn about(place: usize) -> EventRef<'static> {
    EventRef {
        seq: place as u64 + 1,
        source: "api",
        tie: None,
    }
}

fn life_of(words: &[Word]) -> Vec<Interpretation> {
    let seconds = 0_i64..;
    let told = words.iter().zip(seconds);
    told.map(|(word, second)| created(*word, second)).collect()
}

/// Everything that can be asked.
fn found(state: &State) -> Vec<Option<String>> {
    let pairs = COMPANIES.iter().flatten().flat_map(|company| {
        let emails = EMAILS.iter().chain(&["nobody@x.io"]);
        emails.map(move |email| state.identifier_by_email(company, email))
    });
    pairs.map(|found| found.map(str::to_owned)).collect()
}

fn expected(words: &[Word]) -> Vec<Option<String>> {
    let meant = |company: &str, email: &str| {
        let newest = (0..IDENTIFIERS.len()).filter_map(|identifier| {
            let mut told = words.iter().rev();
            told.find(|word| word.0 == identifier)
        });
        let mut meant = newest.filter(|(_, of, with)| {
            COMPANIES[*of] == Some(company) && EMAILS[*with].to_lowercase() == email.to_lowercase()
        });
        let one = meant.next()?;
        meant
            .next()
            .is_none()
            .then(|| IDENTIFIERS[one.0].to_owned())
    };
    let pairs = COMPANIES.iter().flatten().flat_map(|company| {
        let emails = EMAILS.iter().chain(&["nobody@x.io"]);
        emails.map(|email| meant(company, email))
    });
    pairs.collect()
}

fn words() -> impl Strategy<Value = Vec<Word>> {
    let word = (0..IDENTIFIERS.len(), 0..COMPANIES.len(), 0..EMAILS.len());
    prop::collection::vec(word, 0..8)
}

proptest! {
    #[test]
    fn an_address_finds_the_one_customer_made_with_it(
        (words, order) in words().prop_flat_map(|words| {
            let count = words.len();
            let places: Vec<usize> = (0..count).chain(0..count / 2).collect();
            (Just(words), Just(places).prop_shuffle())
        }),
    ) {
        let life = life_of(&words);
        let mut state = empty();
        for place in order {
            state.fold(&life[place], &about(place), false);
        }
        prop_assert_eq!(found(&state), expected(&words));
    }

    #[test]
    fn a_snapshot_finds_it_too(
        words in words(),
        before in 0_usize..8,
        pauses in prop::collection::vec(0_usize..3, 0..4),
    ) {
        let life = life_of(&words);
        let fold = |state: &mut State, place: usize| state.fold(&life[place], &about(place), false);
        let (live, restored) = snapshot_under_way(life.len(), fold, before, &pauses);
        prop_assert_eq!(found(&live), expected(&words));
        prop_assert_eq!(found(&restored), expected(&words));
    }
}
