//! Names of people as providers write them, in one text. It knows no provider.

/// The name up to its first space, and the rest.
pub(super) fn split_name(name: Option<&str>) -> (Option<Box<str>>, Option<Box<str>>) {
    let name = name.map_or("", str::trim);
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let kept = |part: &str| (!part.is_empty()).then(|| part.into());
    (kept(first), kept(last.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_at_the_first_space() {
        for (name, first, last) in [
            ("Asha", Some("Asha"), None),
            ("Asha Rao", Some("Asha"), Some("Rao")),
            ("  Asha  Devi Rao ", Some("Asha"), Some("Devi Rao")),
            ("   ", None, None),
        ] {
            let split = split_name(Some(name));
            assert_eq!(
                (split.0.as_deref(), split.1.as_deref()),
                (first, last),
                "{name}"
            );
        }
        assert_eq!(split_name(None), (None, None));
    }
}
