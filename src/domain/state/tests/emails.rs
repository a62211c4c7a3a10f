//! The indexes of e-mail addresses against a model that looks at every word every time: in any order,
//! repeated, and restored from a snapshot.

use super::under_way::snapshot_under_way;
use super::*;
use crate::domain::own::*;

const COMPANIES: [Option<&str>; 3] = [Some("COM-1"), Some("COM-2"), None];
const EMAILS: [&str; 4] = ["a@x.io", "A@X.io", "b@x.io", "ü@x.io"];
const IDENTIFIERS: [&str; 4] = ["user_1", "user_2", "a@x.io", "user_3"];

/// A word on a customer: whose, and under which company, with which address.
#[derive(Debug, Clone, Copy)]
enum Word {
    Created(usize, usize, usize),
    Updated(usize, usize),
    Archived(usize),
}

fn created(identifier: &str, company: usize, email: usize) -> OwnFact {
    OwnFact::CustomerCreated(CustomerCreated {
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
    })
}

fn told(word: Word, second: i64) -> Interpretation {
    let fact = match word {
        Word::Created(identifier, company, email) => {
            created(IDENTIFIERS[identifier], company, email)
        }
        Word::Updated(identifier, email) => OwnFact::CustomerUpdated(CustomerUpdated {
            identifier: IDENTIFIERS[identifier].into(),
            email: Some(EMAILS[email].into()),
            ..CustomerUpdated::default()
        }),
        Word::Archived(identifier) => OwnFact::CustomerArchived(CustomerArchived {
            identifier: IDENTIFIERS[identifier].into(),
        }),
    };
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
    let all = words.iter().zip(seconds);
    all.map(|(word, second)| told(*word, second)).collect()
}

/// Everything that can be asked: by company and address, and by address alone.
fn found(state: &State) -> Vec<Option<String>> {
    let emails = || EMAILS.iter().chain(&["nobody@x.io"]);
    let of_company = |company: &'static str| {
        emails().map(move |email| state.identifier_by_email(company, email))
    };
    let pairs = COMPANIES.iter().flatten().copied().flat_map(of_company);
    let all = pairs.chain(emails().map(|email| state.identifier_with_email(email)));
    all.map(|found| found.map(str::to_owned)).collect()
}

/// What the last word says of a customer, of the words that say anything of it.
fn last<T>(words: &[Word], says: impl Fn(Word) -> Option<(usize, T)>) -> Vec<(usize, T)> {
    let is_archived = |of: usize| {
        let mut words = words.iter();
        words.any(|word| matches!(word, Word::Archived(other) if *other == of))
    };
    let of = |identifier: usize| {
        let mut told = words.iter().rev().filter_map(|word| says(*word));
        told.find(|(of, _)| *of == identifier && !is_archived(*of))
    };
    (0..IDENTIFIERS.len()).filter_map(of).collect()
}

fn the_one<T>(all: &[(usize, T)], is_meant: impl Fn(&T) -> bool) -> Option<String> {
    let mut meant = all.iter().filter(|(_, told)| is_meant(told));
    let (one, _) = meant.next()?;
    meant.next().is_none().then(|| IDENTIFIERS[*one].to_owned())
}

fn expected(words: &[Word]) -> Vec<Option<String>> {
    let emails = || EMAILS.iter().chain(&["nobody@x.io"]);
    let is_same = |with: usize, email: &str| EMAILS[with].to_lowercase() == email.to_lowercase();
    let made = last(words, |word| match word {
        Word::Created(of, company, email) => Some((of, (company, email))),
        _ => None,
    });
    let has = last(words, |word| match word {
        Word::Created(of, _, email) | Word::Updated(of, email) => Some((of, email)),
        Word::Archived(_) => None,
    });
    let (made, has) = (&made, &has);
    let of_company = |company: &'static str| {
        emails().map(move |email| {
            the_one(made, |(of, with)| {
                COMPANIES[*of] == Some(company) && is_same(*with, email)
            })
        })
    };
    let pairs = COMPANIES.iter().flatten().copied().flat_map(of_company);
    let alone = emails().map(|email| the_one(has, |with| is_same(*with, email)));
    pairs.chain(alone).collect()
}

fn words() -> impl Strategy<Value = Vec<Word>> {
    let identifier = 0..IDENTIFIERS.len();
    let email = 0..EMAILS.len();
    let created = (identifier.clone(), 0..COMPANIES.len(), email.clone());
    let word = prop_oneof![
        4 => created.prop_map(|(of, company, email)| Word::Created(of, company, email)),
        2 => (identifier.clone(), email).prop_map(|(of, email)| Word::Updated(of, email)),
        1 => identifier.prop_map(Word::Archived),
    ];
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
