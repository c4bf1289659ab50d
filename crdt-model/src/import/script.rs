//! The commands of a RouterOS `/export`: lines joined, words and values unquoted. It must not know what they mean.
//!
//! Hostile text costs no more than its length: lines are joined up to a cap, words are counted.

use super::line_number;
use super::tokens::{Position, next_line};

/// A profile's script is the longest thing an export holds.
const COMMAND_BYTES_MAX: usize = 64 << 10;
const WORDS_MAX: usize = 128;

/// One command with the line where it begins.
pub(super) struct Line {
    pub line: u32,
    /// Its lines joined; cut at a cap, and then `is_whole` is false.
    pub text: String,
    pub is_whole: bool,
}

/// A word of a command: `add`, `name=x`, `[ find default=yes ]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Plain(String),
    Pair(String, String),
    /// What stands between brackets, as written.
    Find(String),
}

/// Why a command cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScriptError {
    Quotes,
    /// Bytes that are no text.
    Encoding,
    TooLong,
}

/// The command at a position, and the position after it. A backslash at the end of a line joins the next one, whose
/// indentation does not count.
pub(super) fn next_command(text: &str, from: Position, end: char) -> Option<(Line, Position)> {
    let (first, mut after) = next_line(text, from, end)?;
    let mut command = Line {
        line: line_number(from.line),
        text: String::new(),
        is_whole: true,
    };
    let mut part = first.trim_start();
    loop {
        let is_comment = command.text.is_empty() && part.starts_with('#');
        let goes_on = !is_comment && ends_open(part);
        let kept = if goes_on {
            &part[..part.len() - 1]
        } else {
            part
        };
        if command.text.len() + kept.len() <= COMMAND_BYTES_MAX {
            command.text.push_str(kept);
        } else {
            command.is_whole = false;
        }
        if !goes_on {
            break;
        }
        let Some((line, next)) = next_line(text, after, end) else {
            break;
        };
        (part, after) = (line.trim_start(), next);
    }
    Some((command, after))
}

/// An odd number of backslashes: the last one is not itself escaped.
fn ends_open(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

pub(super) fn words(command: &str) -> Result<Vec<Word>, ScriptError> {
    let mut words = Vec::new();
    let mut rest = command.trim();
    while !rest.is_empty() {
        if words.len() == WORDS_MAX {
            return Err(ScriptError::TooLong);
        }
        let (word, after) = word(rest)?;
        // Whatever follows a value directly is not ours to guess.
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err(ScriptError::Quotes);
        }
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

fn word(text: &str) -> Result<(Word, &str), ScriptError> {
    if let Some(inner) = text.strip_prefix('[') {
        let length = closing_bracket(inner).ok_or(ScriptError::Quotes)?;
        let (found, after) = inner.split_at(length);
        return Ok((Word::Find(found.trim().to_owned()), &after[1..]));
    }
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let key = text.find(|c| !is_key(c)).unwrap_or(text.len());
    match text[key..].strip_prefix('=') {
        Some(value) if key > 0 => {
            let (value, after) = value_of(value)?;
            Ok((Word::Pair(text[..key].to_owned(), value), after))
        }
        _ => {
            let (value, after) = value_of(text)?;
            Ok((Word::Plain(value), after))
        }
    }
}

fn closing_bracket(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.char_indices().find_map(|(at, c)| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '\\' if !was_escaped => is_escaped = true,
            '"' if !was_escaped => is_quoted = !is_quoted,
            ']' if !is_quoted => return Some(at),
            _ => {}
        }
        None
    })
}

/// A quoted value, or one up to the next blank.
fn value_of(text: &str) -> Result<(String, &str), ScriptError> {
    let (is_quoted, body) = match text.strip_prefix('"') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let bytes = body.as_bytes();
    let mut value: Vec<u8> = Vec::new();
    let mut at = 0;
    loop {
        match bytes.get(at) {
            None if is_quoted => return Err(ScriptError::Quotes),
            None => break,
            Some(b'"') if is_quoted => break,
            Some(b' ' | b'\t' | b'\r') if !is_quoted => break,
            Some(b'\\') => {
                let (byte, length) = escaped(&bytes[at + 1..]).ok_or(ScriptError::Quotes)?;
                value.push(byte);
                at += 1 + length;
            }
            Some(byte) => {
                value.push(*byte);
                at += 1;
            }
        }
    }
    let value = String::from_utf8(value).map_err(|_| ScriptError::Encoding)?;
    // `at` stands on one of the bytes above or at the end, so never within a character.
    Ok((value, &body[at + usize::from(is_quoted)..]))
}

/// What an escape stands for, and its length after the backslash. Hexadecimal digits are upper case: `\b` is not one.
fn escaped(after: &[u8]) -> Option<(u8, usize)> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    if let (Some(high), Some(low)) = (after.first().and_then(digit), after.get(1).and_then(digit)) {
        return Some((high << 4 | low, 2));
    }
    let byte = match after.first()? {
        b'"' => b'"',
        b'\\' => b'\\',
        b'$' => b'$',
        b'?' => b'?',
        b'_' => b' ',
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 7,
        b'b' => 8,
        b'v' => 11,
        b'f' => 12,
        _ => return None,
    };
    Some((byte, 1))
}

/// A value as an export writes it: quoted where it must be, everything unusual escaped.
#[cfg(test)]
fn quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' | b'$' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:02X}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(key: &str, value: &str) -> Word {
        Word::Pair(key.into(), value.into())
    }

    fn commands(text: &str) -> Vec<(u32, String)> {
        let mut from = Position { at: 0, line: 1 };
        let mut found = Vec::new();
        while let Some((command, after)) = next_command(text, from, '\n') {
            assert!(command.is_whole);
            found.push((command.line, command.text));
            from = after;
        }
        found
    }

    #[test]
    fn lines_are_joined_by_a_backslash() {
        assert_eq!(
            commands("add a=1 \\\r\n    b=\"x\\\r\n    y\\\\\" c=2\r\n# note \\\r\nadd d=3"),
            [
                (1, "add a=1 b=\"xy\\\\\" c=2".to_owned()),
                (4, "# note \\".to_owned()),
                (5, "add d=3".to_owned()),
            ]
        );
    }

    #[test]
    fn values_are_unquoted() {
        let line = r#"set [ find name="a]b" ] comment="say \"hi\" \\ \24 \_\C3\A9" name=K7-x.y"#;
        assert_eq!(
            words(line).unwrap(),
            [
                Word::Plain("set".into()),
                Word::Find("find name=\"a]b\"".into()),
                pair("comment", "say \"hi\" \\ $  é"),
                pair("name", "K7-x.y"),
            ]
        );
        assert_eq!(words("a=b\\_c=d").unwrap(), [pair("a", "b c=d")]);
        assert_eq!(words("CD:27 =x").unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_a_value_is_refused() {
        for bad in [
            r#"a="b"#,
            r#"a="b"c"#,
            r"a=\q",
            r#"a="\"#,
            "[ find",
            r"a=\4",
        ] {
            assert_eq!(words(bad), Err(ScriptError::Quotes), "{bad:?}");
        }
        assert_eq!(words(r#"a="\FF""#), Err(ScriptError::Encoding));
        assert_eq!(words(&"a ".repeat(129)), Err(ScriptError::TooLong));
    }

    #[test]
    fn a_command_without_end_costs_its_own_length() {
        let text = format!("add name={}\\\n", "x".repeat(70)).repeat(2_000);
        let (command, after) = next_command(&text, Position { at: 0, line: 1 }, '\n').unwrap();
        assert!(!command.is_whole && command.text.len() <= COMMAND_BYTES_MAX);
        assert_eq!(after.at, text.len());
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_back(values in proptest::collection::vec(any::<String>(), 1..5)) {
            let line: Vec<String> = values.iter().map(|value| format!("k={}", quoted(value))).collect();
            let expected: Vec<Word> = values.iter().map(|value| pair("k", value)).collect();
            prop_assert_eq!(words(&line.join(" ")).unwrap(), expected);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "([ad=\\[\\]\"\\\\ #\n\t/é]|\\\\[0-9A-Fa-f_\"]){0,60}|.{0,60}") {
            let mut from = Position { at: 0, line: 1 };
            while let Some((command, after)) = next_command(&text, from, '\n') {
                let _ = words(&command.text);
                prop_assert!(after.at > from.at);
                from = after;
            }
        }
    }
}
