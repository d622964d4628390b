//! Wildcards of `COPY` and `ADD` sources, as BuildKit expands them: Go's `filepath.Match` over a walk of the tree.

use std::rc::Rc;

use super::tree::{Node, Path, Tree, TreeError};

/// Whether a pattern has a wildcard that no backslash hides.
pub fn has_wildcard(pattern: &[u8]) -> bool {
    let mut bytes = pattern.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'*' | b'?' | b'[' => return true,
            _ => {}
        }
    }
    false
}

/// One character of a name. What is not UTF-8 counts as one character a byte (U+FFFD), as in Go.
fn character(bytes: &[u8]) -> Option<(char, &[u8])> {
    let first = *bytes.first()?;
    let length = match first {
        0..0x80 => 1,
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => 1,
    };
    if let Some(head) = bytes.get(..length)
        && let Ok(text) = std::str::from_utf8(head)
        && let Some(character) = text.chars().next()
    {
        return Some((character, bytes.get(length..).unwrap_or_default()));
    }
    Some(('\u{fffd}', bytes.get(1..).unwrap_or_default()))
}

/// Whether the whole of `name` matches `pattern`: `*` any run without `/`, `?` one character but `/`, `[a-c]`, `[^x]`,
/// `\x` for x itself. A malformed pattern matches nothing.
///
/// Go's `filepath.Match` on Unix. `[!x]` is no negation there: it is a class with `!` in it.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    well_formed(pattern) && glob(pattern, name)
}

/// Matches without recursion: a mismatch goes back to the last `*` and lets it take one more byte.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut rest) = (pattern, name);
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        let step = match at.first() {
            Some(b'*') => {
                at = at.get(1..).unwrap_or_default();
                star = Some((at, rest));
                continue;
            }
            Some(_) => one(at, rest),
            None if rest.is_empty() => return true,
            None => None,
        };
        if let Some((pattern, name)) = step {
            (at, rest) = (pattern, name);
            continue;
        }
        let Some((pattern, name)) = star else { return false };
        match name.split_first() {
            Some((byte, name)) if *byte != b'/' => {
                (at, rest) = (pattern, name);
                star = Some((pattern, name));
            }
            _ => return false,
        }
    }
}

/// Matches one element of the pattern that is no `*`, and gives what is left of both.
fn one<'a, 'b>(pattern: &'a [u8], name: &'b [u8]) -> Option<(&'a [u8], &'b [u8])> {
    let (wanted, after) = character(pattern)?;
    match wanted {
        '?' => {
            let (found, rest) = character(name)?;
            (found != '/').then_some((after, rest))
        }
        '[' => {
            let (found, rest) = character(name)?;
            let (inside, after) = class(after, found)?;
            inside.then_some((after, rest))
        }
        '\\' => literal(after, name),
        _ => literal(pattern, name),
    }
}

fn literal<'a, 'b>(pattern: &'a [u8], name: &'b [u8]) -> Option<(&'a [u8], &'b [u8])> {
    match (pattern.split_first(), name.split_first()) {
        (Some((a, pattern)), Some((b, name))) if a == b => Some((pattern, name)),
        _ => None,
    }
}

/// Reads a class behind its `[`: whether `found` is in it, and what follows it. `None` where it is malformed.
fn class(mut pattern: &[u8], found: char) -> Option<(bool, &[u8])> {
    let negated = pattern.first() == Some(&b'^');
    if negated {
        pattern = pattern.get(1..)?;
    }
    let mut inside = false;
    let mut ranges = 0;
    loop {
        if pattern.first() == Some(&b']') && ranges > 0 {
            return Some((inside != negated, pattern.get(1..)?));
        }
        let (low, rest) = bound(pattern)?;
        let (high, rest) = match rest.split_first() {
            Some((b'-', rest)) => bound(rest)?,
            _ => (low, rest),
        };
        inside |= low <= found && found <= high;
        ranges += 1;
        pattern = rest;
    }
}

fn bound(pattern: &[u8]) -> Option<(char, &[u8])> {
    let pattern = match pattern.first()? {
        b'-' | b']' => return None,
        b'\\' => pattern.get(1..)?,
        _ => pattern,
    };
    let (character, rest) = character(pattern)?;
    (!rest.is_empty()).then_some((character, rest))
}

fn well_formed(mut pattern: &[u8]) -> bool {
    while let Some((byte, rest)) = pattern.split_first() {
        pattern = match byte {
            b'\\' => match rest.split_first() {
                Some((_, rest)) => rest,
                None => return false,
            },
            b'[' => match class(rest, 'x') {
                Some((_, rest)) => rest,
                None => return false,
            },
            _ => rest,
        };
    }
    true
}

/// What a source pattern with a wildcard names in `tree`, in order of the names.
///
/// The names before the first wildcard may go through links; behind it no link is followed, and what is inside a
/// directory that matched is not looked at. `None`: the directory before the wildcard does not exist.
pub fn expand(tree: &Tree, pattern: &[u8]) -> Result<Option<Vec<Path>>, TreeError> {
    let names: Vec<&[u8]> = pattern.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).collect();
    let first = names.iter().position(|name| has_wildcard(name)).unwrap_or(names.len());
    let (plain, wild) = names.split_at(first);
    let base = tree.resolve(&plain.join(&b'/'))?;
    let Some(node) = tree.get(&base) else { return Ok(None) };
    let wild = wild.join(&b'/');
    let mut found = Vec::new();
    // Only a class can match a slash, so without one nothing deeper than the pattern is of interest.
    let depth = if wild.contains(&b'[') { usize::MAX } else { wild.iter().filter(|byte| **byte == b'/').count() + 1 };
    let mut waiting: Vec<(Path, Vec<u8>, Rc<Node>)> = vec![(base, Vec::new(), node.clone())];
    while let Some((path, relative, node)) = waiting.pop() {
        if !relative.is_empty() && matches(&wild, &relative) {
            found.push(path);
            continue;
        }
        let level = if relative.is_empty() { 0 } else { relative.iter().filter(|byte| **byte == b'/').count() + 1 };
        let Some(entries) = node.entries().filter(|_| level < depth) else { continue };
        for (name, child) in entries.iter().rev() {
            let mut path = path.clone();
            path.push(name.clone());
            let mut relative = relative.clone();
            if !relative.is_empty() {
                relative.push(b'/');
            }
            relative.extend_from_slice(name);
            waiting.push((path, relative, child.clone()));
        }
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_go_does() {
        // Those of Go's path/filepath/match_test.go that tell something apart.
        for (pattern, name, wanted) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-]", "-", true),
            ("[x\\-]", "z", false),
            ("[]a]", "]", false),
            ("[-]", "-", false),
            ("[a-b-c]", "a", false),
            ("[", "a", false),
            ("[^bc", "a", false),
            ("a[", "ab", false),
            ("*x", "xxx", true),
            ("\\", "\\", false),
            ("[!x]*", "y.txt", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn hidden_wildcards_are_none() {
        assert!(!has_wildcard(b"a\\*b"));
        assert!(has_wildcard(b"a\\\\*b"));
    }
}
