//! `USER` as a command has it: numbers, further groups, and the home directory.

/// Who a command runs as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The groups that `/etc/group` puts the user in besides, rising.
    pub groups: Vec<u32>,
    /// The home directory of `/etc/passwd`, else `/`.
    pub home: String,
}

impl Identity {
    /// Looks `user[:group]` up in the text of `/etc/passwd` and `/etc/group`, as runc does: an empty text is root, a number
    /// need not be known, a name must be.
    ///
    /// # Errors
    /// The name that is not known.
    pub fn look_up(user: &str, passwd: &[u8], group: &[u8]) -> Result<Self, String> {
        let (name, group_name) = user.split_once(':').map_or((user, None), |(user, group)| (user, Some(group)));
        let name = if name.is_empty() { "0" } else { name };
        let line = lines(passwd).find(|fields| is(fields, name)).or_else(|| {
            let id: u32 = name.parse().ok()?;
            lines(passwd).find(|fields| number(fields, 2) == Some(id))
        });
        let own = line.as_ref().map_or("", |fields| text(fields, 0));
        let uid = match &line {
            Some(fields) => number(fields, 2),
            None => name.parse().ok(),
        };
        let uid = uid.ok_or_else(|| format!("the user `{name}` is not in /etc/passwd"))?;
        let mut found =
            Self { uid, gid: line.as_ref().and_then(|fields| number(fields, 3)).unwrap_or(0), ..Self::default() };
        found.home =
            line.as_ref().map(|fields| text(fields, 5)).filter(|home| !home.is_empty()).unwrap_or("/").to_owned();
        match group_name.filter(|name| !name.is_empty()) {
            Some(name) => {
                let known = lines(group).find(|fields| is(fields, name)).and_then(|fields| number(&fields, 2));
                let gid = known.or_else(|| name.parse().ok());
                found.gid = gid.ok_or_else(|| format!("the group `{name}` is not in /etc/group"))?;
            }
            None if !own.is_empty() => {
                let member = |fields: &Vec<&str>| text(fields, 3).split(',').any(|name| name == own);
                found.groups = lines(group).filter(member).filter_map(|fields| number(&fields, 2)).collect();
                found.groups.sort_unstable();
                found.groups.dedup();
            }
            None => {}
        }
        Ok(found)
    }
}

fn lines(file: &[u8]) -> impl Iterator<Item = Vec<&str>> {
    file.split(|byte| *byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok())
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(':').collect())
}

fn text<'a>(fields: &[&'a str], at: usize) -> &'a str {
    fields.get(at).copied().unwrap_or_default()
}

fn is(fields: &[&str], name: &str) -> bool {
    text(fields, 0) == name
}

fn number(fields: &[&str], at: usize) -> Option<u32> {
    text(fields, at).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/sh\n# note\napp:x:1000:1001::/home/app:/bin/sh\n";
    const GROUP: &[u8] = b"root:x:0:\nweb:x:33:app,other\napp:x:1001:\n";

    #[test]
    fn users_are_found_by_name_and_number() {
        let found = |user| Identity::look_up(user, PASSWD, GROUP);
        let at = |uid, gid, groups: &[u32], home: &str| {
            Ok(Identity { uid, gid, groups: groups.to_vec(), home: home.to_owned() })
        };
        assert_eq!(found(""), at(0, 0, &[], "/root"));
        assert_eq!(found("app"), at(1000, 1001, &[33], "/home/app"));
        assert_eq!(found("1000"), at(1000, 1001, &[33], "/home/app"));
        assert_eq!(found("app:web"), at(1000, 33, &[], "/home/app"));
        assert_eq!(found("7:8"), at(7, 8, &[], "/"));
        assert!(found("nobody").unwrap_err().contains("`nobody`"));
        assert!(found("app:none").unwrap_err().contains("`none`"));
        assert_eq!(Identity::look_up("", b"", b""), at(0, 0, &[], "/"));
    }
}
