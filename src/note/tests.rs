//! Notes and checkpoints against an implementation that is not ours, and against every change of
//! a byte. It must never know a log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use secrecy::ExposeSecret;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};

use super::{Checkpoint, NoteError, SigningKey, VerifierKey, is_origin};

/// A key that is published with an example of a signed note.
const PUBLISHED_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint {
        origin: "ledger.example.com".into(),
        size,
        root: [7; 32],
    }
}

/// What the independent implementation says of a note: its text, where a signature fits.
fn opened_by_others(note: &str, key: &str) -> Option<String> {
    let list = VerifierList::new(vec![Box::new(StandardVerifier::new(key).ok()?)]);
    let note = Note::from_bytes(note.as_bytes()).ok()?;
    let (known, _) = note.verify(&list).ok()?;
    (known.len() == 1).then(|| String::from_utf8(note.text().to_vec()).unwrap())
}

proptest! {
    #[test]
    fn others_take_our_notes_and_we_take_theirs(size: u64, root: [u8; 32], seed: [u8; 32]) {
        let key = SigningKey(ed25519_dalek::SigningKey::from_bytes(&seed));
        let checkpoint = Checkpoint { origin: "ledger.example.com/a".into(), size, root };
        let note = key.sign(&checkpoint);
        let verifier = key.verifier(&checkpoint.origin);

        let text = opened_by_others(&note, &verifier.to_string()).expect("verified");
        let read = tlog_tiles::checkpoint::Checkpoint::from_bytes(text.as_bytes()).unwrap();
        prop_assert_eq!(read.origin(), &checkpoint.origin);
        prop_assert_eq!(read.size(), size);
        prop_assert_eq!(read.hash().0, root);

        let signer = StandardSigner::new(key.to_file_text(&checkpoint.origin).expose_secret().trim_end())
            .expect("our key's file is a signer key");
        let mut theirs = Note::new(text.as_bytes(), &[]).unwrap();
        theirs.add_sigs(&[&signer]).unwrap();
        let theirs = String::from_utf8(theirs.to_bytes()).unwrap();
        prop_assert_eq!(&theirs, &note);
        prop_assert_eq!(Checkpoint::verify(&theirs, &verifier), Ok(checkpoint));
    }
}

proptest! {
    /// Any text is a note or refused, and nothing else.
    #[test]
    fn any_text_is_refused(text: String, tail in "[\\n\u{2014} +=a-zA-Z0-9]{0,80}") {
        let key = SigningKey::generate().verifier("a.example");
        for text in [&text, &tail, &format!("a.example\n1\n{tail}\n\n\u{2014} a.example {text}\n")] {
            prop_assert!(Checkpoint::verify(text, &key).is_err());
            let _ = Checkpoint::parse(text);
            prop_assert!(text.parse::<VerifierKey>().is_err());
            prop_assert!(SigningKey::from_file_text(text).is_err());
        }
    }
}

#[test]
fn every_flip_of_a_bit_is_refused() {
    let key = SigningKey::generate();
    let note = key.sign(&checkpoint(1234));
    let verifier = key.verifier("ledger.example.com");
    assert!(Checkpoint::verify(&note, &verifier).is_ok());
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let read = Checkpoint::verify(&changed, &verifier);
            assert!(read.is_err(), "byte {at}, bit {bit}: {changed}");
        }
    }
    for length in 0..note.len() {
        if let Some(cut) = note.get(..length) {
            assert!(Checkpoint::verify(cut, &verifier).is_err(), "{length}");
        }
    }
}

#[test]
fn the_text_is_of_the_specifications_form() {
    let key = SigningKey::generate();
    let note = key.sign(&checkpoint(0));
    let expected = "ledger.example.com\n0\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n\u{2014} \
                    ledger.example.com ";
    assert!(note.starts_with(expected), "{note}");
    assert!(note.ends_with("=\n"), "{note}");

    let verifier = key.verifier("ledger.example.com");
    let signed = |text: &str| {
        let bytes = ed25519_dalek::Signer::sign(&key.0, text.as_bytes()).to_bytes();
        let mut line = verifier.id().to_vec();
        line.extend_from_slice(&bytes);
        let line = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, line);
        format!("{text}\n\u{2014} ledger.example.com {line}\n")
    };
    let root = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let verify = |text: &str| Checkpoint::verify(&signed(text), &verifier);
    let name = "ledger.example.com";
    assert_eq!(verify(&format!("{name}\n9\n{root}\n")), Ok(checkpoint(9)));
    // Lines after the root are allowed, and signed.
    assert_eq!(
        verify(&format!("{name}\n9\n{root}\nmore\n")),
        Ok(checkpoint(9))
    );
    for bad in [
        format!("{name}\n09\n{root}\n"),
        format!("{name}\n+9\n{root}\n"),
        format!("{name}\n-9\n{root}\n"),
        format!("{name}\n\n{root}\n"),
        format!("{name}\n18446744073709551616\n{root}\n"),
        format!("{name}\n9\n{}\n", root.trim_end_matches('=')),
        format!("{name}\n9\nBwcH\n"),
        format!("{name}\n9\n"),
        format!("\n9\n{root}\n"),
        format!("{name}\n9\n{root}\n\nmore\n"),
    ] {
        assert_eq!(verify(&bad), Err(NoteError::NotACheckpoint), "{bad}");
    }
    let other = format!("another.example.com\n9\n{root}\n");
    assert_eq!(verify(&other), Err(NoteError::OtherOrigin));
}

#[test]
fn signatures_of_others_are_let_be_and_one_of_ours_must_fit() {
    let (ours, theirs) = (SigningKey::generate(), SigningKey::generate());
    let verifier = ours.verifier("ledger.example.com");
    let note = ours.sign(&checkpoint(3));
    let witness = theirs.sign(&checkpoint(3));
    let line = witness.rsplit_once("\n\n").unwrap().1;
    let both = format!("{note}{line}");
    assert_eq!(Checkpoint::verify(&both, &verifier), Ok(checkpoint(3)));
    assert_eq!(
        Checkpoint::verify(&witness, &verifier),
        Err(NoteError::Unsigned)
    );
    assert_eq!(Checkpoint::parse(&witness), Ok(checkpoint(3)));

    // A first signature of the known key that does not fit decides, whatever follows.
    let other = ours.sign(&checkpoint(4));
    let forged = format!("{other}{}", note.rsplit_once("\n\n").unwrap().1);
    let swapped = forged.replacen("\n4\n", "\n3\n", 1);
    assert_eq!(
        Checkpoint::verify(&swapped, &verifier),
        Err(NoteError::BadSignature)
    );
    assert_eq!(opened_by_others(&swapped, &verifier.to_string()), None);

    for broken in [
        "- a b\n",
        "\u{2014} a\n",
        "\u{2014} a b=\n",
        "\u{2014} a+b AAAAAAA=\n",
        "\n",
    ] {
        let note = format!("{note}{broken}");
        assert!(Checkpoint::verify(&note, &verifier).is_err(), "{broken}");
    }
    let long = format!("{note}{}", line.repeat(100));
    assert_eq!(
        Checkpoint::verify(&long, &verifier),
        Err(NoteError::NotANote)
    );
}

#[test]
fn keys_are_read_back_and_refused_when_a_letter_is_wrong() {
    let published = PUBLISHED_KEY.parse::<VerifierKey>();
    assert_eq!(
        published.map(|key| key.to_string()),
        Ok(PUBLISHED_KEY.into())
    );
    let key = SigningKey::generate();
    let text = key.verifier("a.example").to_string();
    assert_eq!(text.parse(), Ok(key.verifier("a.example")));
    let file = key.to_file_text("a.example");
    let (origin, back) = SigningKey::from_file_text(file.expose_secret()).unwrap();
    assert_eq!(
        (origin.as_str(), back.0.to_bytes()),
        ("a.example", key.0.to_bytes())
    );
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let changed = String::from_utf8(bytes).unwrap();
        assert_eq!(
            changed.parse::<VerifierKey>(),
            Err(NoteError::BadVerifierKey),
            "{at}"
        );
    }
    let file = file.expose_secret();
    for at in 0..file.len() - 1 {
        let mut bytes = file.to_owned().into_bytes();
        bytes[at] ^= 1;
        let read = SigningKey::from_file_text(std::str::from_utf8(&bytes).unwrap());
        assert!(read.is_err(), "{at}");
    }
}

#[test]
fn an_origin_is_a_name_without_spaces_and_pluses() {
    for good in [
        "a",
        "ledger.example.com/prod",
        "[::1]",
        "127.0.0.1",
        "läger",
    ] {
        assert!(is_origin(good), "{good}");
    }
    for bad in [
        "",
        "a b",
        "a+b",
        "a\nb",
        "a\u{a0}b",
        "\u{7}",
        &"a".repeat(513),
    ] {
        assert!(!is_origin(bad), "{bad}");
    }
}
