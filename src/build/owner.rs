//! The argument of `--chown` and of `USER`: numbers, or names that the image's own `/etc/passwd` and `/etc/group` know.

/// A user or a group as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A number.
    Id(u64),
    /// A name to look up.
    Name(String),
}

impl Name {
    fn parse(text: &str) -> Self {
        if text == "root" {
            return Self::Id(0);
        }
        // Numbers are 32 bits wide; a negative one wraps around, as BuildKit's conversion does.
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        match text.parse::<i32>() {
            Ok(id) if !digits.is_empty() => Self::Id(u64::from(id as u32)),
            _ => Self::Name(text.to_owned()),
        }
    }
}

/// `user[:group]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// What is before the colon, possibly an empty name.
    pub user: Name,
    /// What is behind the colon, where there is one.
    pub group: Option<Name>,
}

impl Owner {
    /// Splits at the first colon.
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some((user, group)) => Self { user: Name::parse(user), group: Some(Name::parse(group)) },
            None => Self { user: Name::parse(text), group: None },
        }
    }

    /// Whether `/etc/passwd` has to be read.
    pub fn names_user(&self) -> bool {
        matches!(self.user, Name::Name(_))
    }

    /// Whether `/etc/group` has to be read.
    pub fn names_group(&self) -> bool {
        matches!(self.group, Some(Name::Name(_)))
    }

    /// The numbers. A user given alone brings its primary group, or the group with its own number; a name that the files
    /// do not know is 0, as with BuildKit.
    pub fn resolve(&self, passwd: &[u8], group: &[u8]) -> (u64, u64) {
        let (uid, mut gid) = match &self.user {
            Name::Id(id) => (*id, *id),
            Name::Name(name) => match look_up(passwd, name) {
                Some(fields) => (number(fields.get(2)), number(fields.get(3))),
                None => (0, 0),
            },
        };
        match &self.group {
            Some(Name::Id(id)) => gid = *id,
            Some(Name::Name(name)) => {
                if let Some(fields) = look_up(group, name) {
                    gid = number(fields.get(2));
                }
            }
            None => {}
        }
        (uid, gid)
    }
}

/// The fields of the first line whose first field is `name`.
fn look_up<'a>(file: &'a [u8], name: &str) -> Option<Vec<&'a [u8]>> {
    file.split(|byte| *byte == b'\n')
        .map(|line| line.trim_ascii())
        .filter(|line| !line.is_empty())
        .map(|line| line.split(|byte| *byte == b':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&name.as_bytes()))
}

/// A field's number; 0 where it is none.
fn number(field: Option<&&[u8]>) -> u64 {
    field.and_then(|field| std::str::from_utf8(field).ok()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/sh\n\n  app:x:1000:1001::/:\nbad:x:zz\napp:x:7:7::/:\n";
    const GROUP: &[u8] = b"root:x:0:\nstaff:x:50:app";

    #[test]
    fn names_and_numbers() {
        for (text, wanted) in [
            ("7", (7, 7)),
            ("7:8", (7, 8)),
            ("root", (0, 0)),
            ("app", (1000, 1001)),
            ("app:staff", (1000, 50)),
            ("app:0", (1000, 0)),
            (":staff", (0, 50)),
            ("app:", (1000, 1001)),
            ("ghost:ghosts", (0, 0)),
            ("ghost:staff", (0, 50)),
            ("7:ghosts", (7, 7)),
            ("bad", (0, 0)),
            ("-1", (4_294_967_295, 4_294_967_295)),
        ] {
            assert_eq!(Owner::parse(text).resolve(PASSWD, GROUP), wanted, "{text}");
        }
    }
}
