//! Sample bodies with odd values in some of their fields.

use serde_json::{Value, json};

use super::reader::Reader;

const CHANGES_MAX: u8 = 4;

/// A sample of some provider, changed as the bytes say; often not at all.
pub fn changed(samples: &[(String, Vec<u8>)], reader: &mut Reader<'_>) -> (String, Vec<u8>) {
    let (provider, body) = &samples[reader.place(samples.len())];
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return (provider.clone(), body.clone());
    };
    for _ in 0..reader.byte() % CHANGES_MAX {
        let mut leaves = Vec::new();
        places(&value, String::new(), &mut leaves);
        let place = &leaves[reader.place(leaves.len())];
        let odd = odd(reader, value.pointer(place).unwrap());
        *value.pointer_mut(place).unwrap() = odd;
    }
    (provider.clone(), serde_json::to_vec(&value).unwrap())
}

fn places(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, held)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            places(held, format!("{at}/{key}"), all);
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, held)| places(held, format!("{at}/{n}"), all)),
        _ => {}
    }
    all.push(at);
}

/// What stands in a field instead of `held`.
fn odd(reader: &mut Reader<'_>, held: &Value) -> Value {
    match (reader.byte() % 12, held.as_i64(), held.as_str()) {
        (0, ..) => Value::Null,
        (1, Some(number), _) => json!(number.saturating_add(i64::from(reader.byte()) - 128)),
        (1, _, Some(text)) => json!(format!("{text}{}", reader.byte() % 3)),
        (2, ..) => json!(reader.byte() % 3),
        (3, ..) => json!(format!("x{}", reader.byte() % 3)),
        (4, ..) => json!([]),
        (5, ..) => json!({}),
        (6, ..) => json!(i64::MAX),
        (7, ..) => json!(-1),
        (8, Some(number), _) => json!(number.to_string()),
        (9, ..) => json!("user_42"),
        (10, ..) => json!(1e300),
        _ => json!(1_790_000_000_i64 + i64::from(reader.byte())),
    }
}
