//! Names of countries and of their parts, by ISO 3166. Knows nothing of who is there.

use rust_iso3166::{from_alpha2, iso3166_2};

/// Codes of parts that ISO 3166-2 replaced lately, and which many programs still send: the old one
/// and the one whose name it bears now.
const RENAMED: [(&str, &str); 6] = [
    ("IN-CT", "IN-CG"),
    ("IN-DD", "IN-DH"),
    ("IN-DN", "IN-DH"),
    ("IN-OR", "IN-OD"),
    ("IN-TG", "IN-TS"),
    ("IN-UT", "IN-UK"),
];

/// The English short name of a country, by its ISO 3166-1 alpha-2 code in upper case.
#[must_use]
pub fn country_name(code: &str) -> Option<&'static str> {
    from_alpha2(code).map(|country| country.name)
}

/// The English name of a part of a country (`KA` of `IN`), by its ISO 3166-2 code without the
/// country's.
#[must_use]
pub fn state_name(country_code: &str, state_code: &str) -> Option<String> {
    let code = format!("{country_code}-{state_code}");
    let renamed = RENAMED.iter().find(|(old, _)| *old == code);
    let code = renamed.map_or(&*code, |(_, new)| *new);
    let part = iso3166_2::from_code(code)?;
    Some(part.name.chars().map(without_macron).collect())
}

/// The standard marks the long vowels of names that are written in other scripts (Karnātaka);
/// nobody does so in English.
const fn without_macron(letter: char) -> char {
    match letter {
        'ā' => 'a',
        'ē' => 'e',
        'ī' => 'i',
        'ō' => 'o',
        'ū' => 'u',
        'Ā' => 'A',
        'Ē' => 'E',
        'Ī' => 'I',
        'Ō' => 'O',
        'Ū' => 'U',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_iso_3166() {
        assert_eq!(country_name("IN"), Some("India"));
        assert_eq!(country_name("US"), Some("United States of America"));
        for wrong in ["USA", "in", "XX", ""] {
            assert_eq!(country_name(wrong), None, "{wrong}");
        }
        let named = [
            ("IN", "KA", "Karnataka"),
            ("IN", "MH", "Maharashtra"),
            ("US", "CA", "California"),
            ("US", "DC", "District of Columbia"),
            ("BR", "SP", "São Paulo"),
        ];
        for (country, part, name) in named {
            assert_eq!(state_name(country, part).as_deref(), Some(name));
        }
        assert_eq!(state_name("DE", "KA"), None);
        assert_eq!(state_name("IN", ""), None);
    }

    #[test]
    fn renamed_codes_still_have_names() {
        for (old, new) in RENAMED {
            assert!(iso3166_2::from_code(old).is_none(), "{old} is in the table");
            let (country, part) = old.split_once('-').unwrap_or_default();
            let named = state_name(country, new.trim_start_matches("IN-"));
            assert!(
                named.is_some() && state_name(country, part) == named,
                "{old}"
            );
        }
    }
}
