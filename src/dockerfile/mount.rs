//! The values of `RUN --mount` and `RUN --device`.

use super::suggest;

/// A message and what to do about it.
pub(crate) type Refusal = (String, Option<String>);

/// Splits a line of comma-separated values: fields in double quotes may hold commas, `""` inside is a quote.
pub(crate) fn fields(text: &str) -> Result<Vec<String>, Refusal> {
    let bad = |what: &str| {
        (
            format!("{what} in {text:?}"),
            Some("put a field that holds commas or quotes into double quotes, with quotes inside doubled".to_owned()),
        )
    };
    if text.is_empty() {
        return Err(bad("nothing"));
    }
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        if let Some(mut inner) = rest.strip_prefix('"') {
            let mut field = String::new();
            loop {
                let (part, after) = inner.split_once('"').ok_or_else(|| bad("a quote is not closed"))?;
                field.push_str(part);
                match after.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        inner = more;
                    }
                    None => {
                        inner = after;
                        break;
                    }
                }
            }
            out.push(field);
            match inner.strip_prefix(',') {
                Some(after) => rest = after,
                None if inner.is_empty() => return Ok(out),
                None => return Err(bad("text after a closing quote")),
            }
        } else {
            let (field, after) = rest.split_once(',').map_or((rest, None), |(f, a)| (f, Some(a)));
            if field.contains('"') {
                return Err(bad("a quote inside a field"));
            }
            out.push(field.to_owned());
            match after {
                Some(after) => rest = after,
                None => return Ok(out),
            }
        }
    }
}

/// What BuildKit checks of a mount when it reads the instruction; the rest waits for expansion.
pub(crate) fn check_unexpanded(text: &str) -> Result<(), Refusal> {
    for field in fields(text)? {
        if let Some((key, value)) = field.split_once('=') {
            let variable = value.find('$').is_some_and(|i| value[i + 1..].chars().next().is_some_and(|c| c != '\n'));
            if key.eq_ignore_ascii_case("from") && variable {
                let help = "give the image a name with `FROM image AS name` and use that".to_owned();
                return Err((format!("{:?} doesn't support variable expansion", key.to_lowercase()), Some(help)));
            }
        }
    }
    Ok(())
}

/// What a mount brings into the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)] // the names are the values of `type=`
pub enum MountKind {
    #[default]
    Bind,
    Cache,
    Tmpfs,
    Secret,
    Ssh,
}

impl MountKind {
    /// As written after `type=`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Cache => "cache",
            Self::Tmpfs => "tmpfs",
            Self::Secret => "secret",
            Self::Ssh => "ssh",
        }
    }
}

/// `RUN --mount` with its options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mount {
    /// `type`.
    pub kind: MountKind,
    /// `from`: a stage, an image or a named context.
    pub from: String,
    /// `source` or `src`.
    pub source: String,
    /// `target`, `dst` or `destination`.
    pub target: String,
    /// Whether writes are refused, by option or by the kind's default.
    pub read_only: bool,
    /// `id` of a cache, secret or ssh mount.
    pub id: String,
    /// `sharing` of a cache: `shared`, `private`, `locked`, or empty.
    pub sharing: String,
    /// `required`.
    pub required: bool,
    /// `size` of a tmpfs in bytes.
    pub size: Option<i64>,
    /// `mode`.
    pub mode: Option<u32>,
    /// `uid`.
    pub uid: Option<u32>,
    /// `gid`.
    pub gid: Option<u32>,
    /// `env` of a secret: the variable that holds it.
    pub env: Option<String>,
}

impl Mount {
    /// Whether BuildKit takes its source from the build context. It does not ask whether a tmpfs needs one.
    pub fn reads_context(&self) -> bool {
        self.from.is_empty() && matches!(self.kind, MountKind::Bind | MountKind::Tmpfs)
    }
}

const KEYS: [&str; 19] = [
    "type",
    "from",
    "source",
    "target",
    "readonly",
    "id",
    "sharing",
    "required",
    "size",
    "mode",
    "uid",
    "gid",
    "src",
    "dst",
    "destination",
    "ro",
    "rw",
    "readwrite",
    "env",
];

impl Mount {
    /// Reads the text of a `--mount`; `expand` expands each value.
    ///
    /// # Errors
    /// The message and a remedy, where BuildKit refuses an option, its value or their combination.
    pub fn read<E: std::fmt::Display>(
        text: &str,
        mut expand: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Self, (String, Option<String>)> {
        Self::read_fields(fields(text)?, &mut |v| expand(v).map_err(|e| (e.to_string(), None)))
    }

    fn read_fields(
        fields: Vec<String>,
        expand: &mut dyn FnMut(&str) -> Result<String, Refusal>,
    ) -> Result<Self, Refusal> {
        let mut mount = Self::default();
        let mut read_only = None;
        for field in fields {
            let (key, value) = field.split_once('=').map_or((field.as_str(), None), |(k, v)| (k, Some(v)));
            let key = key.to_lowercase();
            let value = value.map(&mut *expand).transpose()?;
            let invalid = |v: &str| (format!("invalid value for {key}: {v}"), None);
            let flag = |v: &Option<String>| match v {
                None => Ok(true),
                Some(v) => parse_bool(v).ok_or_else(|| invalid(v)),
            };
            let not_here = |kind: MountKind| (format!("unexpected key {key:?} for mount type {:?}", kind.name()), None);
            match key.as_str() {
                "readonly" | "ro" => {
                    read_only = Some(flag(&value)?);
                    continue;
                }
                "readwrite" | "rw" => {
                    read_only = Some(!flag(&value)?);
                    continue;
                }
                "required" => {
                    if !matches!(mount.kind, MountKind::Secret | MountKind::Ssh) {
                        return Err(not_here(mount.kind));
                    }
                    mount.required = flag(&value)?;
                    continue;
                }
                _ => {}
            }
            let Some(value) = value else {
                return Err((format!("invalid field {field:?}: it must be a key=value pair"), None));
            };
            match key.as_str() {
                "type" => mount.kind = kind(&value)?,
                "from" => mount.from = value,
                "source" | "src" => mount.source = value,
                "target" | "dst" | "destination" => mount.target = value,
                "size" if mount.kind == MountKind::Tmpfs => {
                    mount.size = Some(parse_size(&value).ok_or_else(|| invalid(&value))?);
                }
                "size" => return Err(not_here(mount.kind)),
                "id" => mount.id = value,
                "sharing" => mount.sharing = sharing(&value)?,
                "mode" => mount.mode = Some(u32::from_str_radix(&value, 8).map_err(|_| invalid(&value))?),
                "uid" => mount.uid = Some(number(&value).ok_or_else(|| invalid(&value))?),
                "gid" => mount.gid = Some(number(&value).ok_or_else(|| invalid(&value))?),
                "env" if mount.kind == MountKind::Secret => mount.env = Some(value),
                "env" => return Err(not_here(mount.kind)),
                _ => {
                    let help = suggest::nearest(&key, KEYS).map(|n| format!("did you mean {n}?"));
                    return Err((format!("unexpected key {key:?} in {field:?}"), help));
                }
            }
        }
        mount.validate(read_only)?;
        Ok(mount)
    }

    fn validate(&mut self, read_only: Option<bool>) -> Result<(), Refusal> {
        let refuse = |message: String| Err((message, None));
        let kind = self.kind;
        if matches!(kind, MountKind::Bind | MountKind::Tmpfs) {
            for (name, given) in [("mode", self.mode), ("uid", self.uid), ("gid", self.gid)] {
                if given.is_some() {
                    return refuse(format!("{name} not allowed for {:?} type mounts", kind.name()));
                }
            }
        }
        self.read_only = read_only.unwrap_or(!matches!(kind, MountKind::Cache | MountKind::Tmpfs));
        if kind == MountKind::Secret {
            if !self.from.is_empty() {
                return refuse("a secret mount should not have a from".to_owned());
            }
            if !self.sharing.is_empty() {
                return refuse("a secret mount should not define sharing".to_owned());
            }
            if self.source.is_empty() && self.target.is_empty() && self.id.is_empty() {
                return refuse("a secret mount needs one of id, source, target".to_owned());
            }
            if !self.source.is_empty() && !self.id.is_empty() {
                return refuse("a secret mount cannot have both source and id".to_owned());
            }
        }
        if !self.sharing.is_empty() && kind != MountKind::Cache {
            return refuse(format!("sharing is for cache mounts, not for {}", kind.name()));
        }
        Ok(())
    }
}

fn kind(value: &str) -> Result<MountKind, Refusal> {
    let all = [MountKind::Bind, MountKind::Cache, MountKind::Tmpfs, MountKind::Secret, MountKind::Ssh];
    let lower = value.to_lowercase();
    all.into_iter().find(|k| k.name() == lower).ok_or_else(|| {
        let help = suggest::nearest(value, all.map(MountKind::name)).map(|n| format!("did you mean {n}?"));
        (format!("unsupported mount type {value:?}"), help)
    })
}

fn sharing(value: &str) -> Result<String, Refusal> {
    let all = ["shared", "private", "locked"];
    let lower = value.to_lowercase();
    if all.contains(&lower.as_str()) {
        return Ok(lower);
    }
    let help = suggest::nearest(value, all).map(|n| format!("did you mean {n}?"));
    Err((format!("unsupported sharing value {value:?}"), help))
}

/// Go's `strconv.ParseBool`.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<u32> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// A size such as `64m` or `1.5 GiB`, in bytes, as `go-units` reads RAM sizes.
fn parse_size(text: &str) -> Option<i64> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.').map(|i| i + 1)?;
    let (number, unit) = text.split_at(end);
    let number = number.trim_end_matches(' ');
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let value: f64 = number.parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0)?;
    let power = match unit.as_str() {
        "" | "b" => 0,
        u => {
            let prefix = "kmgtp".find(u.chars().next()?)?;
            if !matches!(&u[1..], "" | "b" | "ib") {
                return None;
            }
            prefix as u32 + 1
        }
    };
    Some((value * 1024f64.powi(power as i32)) as i64)
}

/// `RUN --device`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// The device's name.
    pub name: String,
    /// Whether the build fails without it.
    pub required: bool,
}

impl Device {
    /// Reads the text of a `--device`.
    ///
    /// # Errors
    /// The message and a remedy, where BuildKit refuses it.
    pub fn read(text: &str) -> Result<Self, (String, Option<String>)> {
        let mut device = Self::default();
        for field in fields(text)? {
            let (key, value) = field.split_once('=').map_or((field.as_str(), None), |(k, v)| (k, Some(v)));
            match (key.to_lowercase().as_str(), value) {
                ("required", None) => device.required = true,
                ("name", Some(_)) if !device.name.is_empty() => {
                    return Err((format!("the device name is already set to {}", device.name), None));
                }
                ("name", Some(name)) => device.name = name.to_owned(),
                ("required", Some(v)) => {
                    device.required =
                        parse_bool(v).ok_or_else(|| (format!("invalid value for required: {v}"), None))?;
                }
                _ if device.name.is_empty() => device.name.clone_from(&field),
                (_, None) => return Err((format!("invalid field {field:?}: it must be a key=value pair"), None)),
                (key, Some(_)) => {
                    let help = suggest::nearest(key, ["name", "required"]).map(|n| format!("did you mean {n}?"));
                    return Err((format!("unexpected key {key:?} in {field:?}"), help));
                }
            }
        }
        Ok(device)
    }
}
