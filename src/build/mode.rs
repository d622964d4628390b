//! The argument of `--chmod`: octal, or symbolic as BSD's `setmode` reads it (BuildKit uses a port of it).

/// What `--chmod` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An octal number up to 07777: the mode itself.
    Octal(u32),
    /// Clauses as `u=rwX,go-w`, applied to the mode that is there.
    Symbolic(Vec<Change>),
}

/// One operator of a symbolic mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The bits that the `u`, `g`, `o`, `a` before it speak of.
    who: u32,
    /// `+`, `-` or `=`.
    operator: u8,
    /// The permissions behind it, for all three classes at once.
    bits: u32,
    /// `X`: execute for directories and for what has an execute bit.
    conditional: bool,
    /// `u`, `g` or `o` as permissions: those of that class.
    copied: Option<u8>,
}

/// `--chmod` has a value that is no mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid --chmod value `{0}`: expected an octal number up to 07777, as in 755, or symbolic changes, as in u=rwX,go=rX"
)]
pub struct ModeError(pub String);

const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;
const ALL: u32 = SETUID | SETGID | 0o777;

impl Mode {
    /// Reads the value of the flag.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        let error = || ModeError(text.chars().take(100).collect());
        if text.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) {
            let octal = text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
            let value = u32::from_str_radix(text, 8).ok().filter(|value| octal && *value <= 0o7777);
            return value.map(Self::Octal).ok_or_else(error);
        }
        let mut changes = Vec::new();
        for clause in text.split(',') {
            let mut rest = clause.as_bytes();
            let mut who = 0;
            while let Some((byte, after)) = rest.split_first() {
                who |= match byte {
                    b'u' => SETUID | 0o700,
                    b'g' => SETGID | 0o070,
                    b'o' => 0o007,
                    b'a' => ALL,
                    _ => break,
                };
                rest = after;
            }
            if rest.is_empty() {
                return Err(error());
            }
            while let Some((operator, after)) = rest.split_first() {
                if !matches!(operator, b'+' | b'-' | b'=') {
                    return Err(error());
                }
                let end = after.iter().position(|byte| matches!(byte, b'+' | b'-' | b'=')).unwrap_or(after.len());
                let (permissions, next) = after.split_at(end);
                changes.push(Change::parse(who, *operator, permissions).ok_or_else(error)?);
                rest = next;
            }
        }
        Ok(Self::Symbolic(changes))
    }

    /// The new mode (12 bits) of something that has `mode`.
    pub fn apply(&self, mode: u32, directory: bool) -> u32 {
        match self {
            Self::Octal(value) => *value,
            Self::Symbolic(changes) => {
                let execute = directory || mode & 0o111 != 0;
                changes.iter().fold(mode, |now, change| change.apply(now, execute))
            }
        }
    }

    /// The mode of directories made on the way to a destination: BuildKit gives them an octal mode's permission bits and
    /// leaves 0755 where the mode is symbolic.
    pub fn of_made_directories(&self) -> u32 {
        match self {
            Self::Octal(value) => value & 0o777,
            Self::Symbolic(_) => 0o755,
        }
    }
}

impl Change {
    fn parse(who: u32, operator: u8, permissions: &[u8]) -> Option<Self> {
        // With `o` alone the set-id and sticky letters mean nothing.
        let special = who == 0 || who & !0o007 != 0;
        let mut change =
            Self { who: if who == 0 { ALL } else { who }, operator, bits: 0, conditional: false, copied: None };
        if let [class @ (b'u' | b'g' | b'o')] = permissions {
            change.copied = Some(*class);
            return Some(change);
        }
        for letter in permissions {
            change.bits |= match letter {
                b'r' => 0o444,
                b'w' => 0o222,
                b'x' => 0o111,
                b's' if special => SETUID | SETGID,
                b't' if special => {
                    change.who |= STICKY;
                    STICKY
                }
                b's' | b't' => 0,
                b'X' => {
                    change.conditional = true;
                    0
                }
                _ => return None,
            };
        }
        Some(change)
    }

    fn apply(self, mode: u32, execute: bool) -> u32 {
        let mut bits = self.bits;
        if self.conditional && execute {
            bits |= 0o111;
        }
        if let Some(class) = self.copied {
            let shift = match class {
                b'u' => 6,
                b'g' => 3,
                _ => 0,
            };
            bits |= ((mode >> shift) & 7) * 0o111;
        }
        bits &= self.who;
        match self.operator {
            b'+' => mode | bits,
            b'-' => mode & !bits,
            _ => (mode & !self.who) | bits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        for (text, from, directory, wanted) in [
            ("755", 0o600, false, 0o755),
            ("04711", 0, false, 0o4711),
            ("0", 0o777, false, 0),
            ("u=rwX,go=rX", 0o644, false, 0o644),
            ("u=rwX,go=rX", 0o700, false, 0o755),
            ("u=rwX,go=rX", 0o600, true, 0o755),
            ("go-rwx,u+s", 0o644, false, 0o4600),
            ("a=r", 0o4755, false, 0o444),
            ("+x", 0o644, false, 0o755),
            ("g=u", 0o640, false, 0o660),
            ("u+x-w", 0o644, false, 0o544),
            ("+t", 0o755, true, 0o1755),
            ("o+t", 0o755, true, 0o755),
            ("u=", 0o755, false, 0o055),
        ] {
            assert_eq!(Mode::parse(text).unwrap().apply(from, directory), wanted, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_mode() {
        for text in ["", "999", "8", "10000", "u+q", "u", "x", "u=rwx,", "0o755", "7 5", "u+ux", "+é"] {
            assert!(Mode::parse(text).is_err(), "{text}");
        }
    }
}
