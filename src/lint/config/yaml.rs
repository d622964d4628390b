//! The YAML that such configuration files use: block and flow mappings and lists, plain and quoted scalars, comments.
//! No anchors, tags, multi-line scalars or several documents.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml {
    /// Text as written, quotes removed; empty for nothing.
    Scalar(String),
    /// A list.
    List(Vec<Yaml>),
    /// Names and values in order.
    Map(Vec<(String, Yaml)>),
}

/// The text is not the YAML that is understood here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct YamlError {
    /// 1-based.
    pub line: usize,
    /// What was expected.
    pub message: String,
}

impl YamlError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        "LINT_CONFIG_INVALID"
    }
}

const MAX_DEPTH: usize = 32;

struct Line<'t> {
    number: usize,
    indent: usize,
    text: &'t str,
}

impl Yaml {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// Where a line is none of the forms above.
    pub fn parse(text: &str) -> Result<Self, YamlError> {
        let lines: Vec<Line<'_>> = text
            .lines()
            .enumerate()
            .filter_map(|(i, raw)| {
                let text = without_comment(raw).trim_end();
                let body = text.trim_start_matches(' ');
                let skip = body.is_empty() || matches!(body, "---" | "...");
                (!skip).then_some(Line { number: i + 1, indent: text.len() - body.len(), text: body })
            })
            .collect();
        let mut at = 0;
        let Some(first) = lines.first() else { return Ok(Yaml::Map(Vec::new())) };
        let value = block(&lines, &mut at, first.indent, 0)?;
        match lines.get(at) {
            Some(line) => Err(error(line.number, "this line belongs to nothing above it: check its indentation")),
            None => Ok(value),
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.entries().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// The pairs of a mapping; nothing for other values.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Yaml)> {
        let pairs: &[(String, Yaml)] = if let Yaml::Map(pairs) = self { pairs } else { &[] };
        pairs.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// The texts of a list; a text alone counts as a list of one.
    pub fn strings(&self) -> Vec<String> {
        match self {
            Yaml::List(items) => items.iter().map(|i| i.text().to_owned()).collect(),
            Yaml::Scalar(text) if !text.is_empty() => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// The text of a scalar; empty for other values.
    pub fn text(&self) -> &str {
        if let Yaml::Scalar(text) = self { text } else { "" }
    }

    /// `true`, `yes` or `on`.
    pub fn truth(&self) -> bool {
        matches!(self.text().to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y")
    }
}

fn error(line: usize, message: &str) -> YamlError {
    YamlError { line, message: message.to_owned() }
}

/// The line up to a `#` that begins a comment.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = b' ';
    for (i, b) in line.bytes().enumerate() {
        match quote {
            Some(q) if b == q => quote = None,
            Some(_) => {}
            None if b == b'#' && (before == b' ' || before == b'\t') => return &line[..i],
            None if (b == b'"' || b == b'\'') && matches!(before, b' ' | b'[' | b'{' | b',' | b':' | b'-') => {
                quote = Some(b);
            }
            None => {}
        }
        before = b;
    }
    line
}

fn block(lines: &[Line<'_>], at: &mut usize, indent: usize, depth: usize) -> Result<Yaml, YamlError> {
    let Some(first) = lines.get(*at) else { return Ok(Yaml::Scalar(String::new())) };
    if depth > MAX_DEPTH {
        return Err(error(first.number, "nested too deeply"));
    }
    let is_item = |text: &str| text == "-" || text.starts_with("- ");
    if is_item(first.text) {
        let mut items = Vec::new();
        while let Some(line) = lines.get(*at).filter(|l| l.indent == indent && is_item(l.text)) {
            let rest = line.text[1..].trim_start();
            *at += 1;
            items.push(if rest.is_empty() {
                match lines.get(*at).filter(|l| l.indent > indent) {
                    Some(next) => block(lines, at, next.indent, depth + 1)?,
                    None => Yaml::Scalar(String::new()),
                }
            } else {
                inline(rest, line.number)?
            });
        }
        return Ok(Yaml::List(items));
    }
    let mut pairs: Vec<(String, Yaml)> = Vec::new();
    while let Some(line) = lines.get(*at) {
        let is_pair = line.indent == indent && !is_item(line.text);
        // A list may stand at the indentation of its key, or, in files met in practice, of another item of it.
        if !is_pair {
            if line.indent == indent
                && is_item(line.text)
                && let Some((_, Yaml::List(items))) = pairs.last_mut()
            {
                if let Yaml::List(more) = block(lines, at, indent, depth + 1)? {
                    items.extend(more);
                }
                continue;
            }
            break;
        }
        let Some((key, rest)) = split_pair(line.text) else {
            return Err(error(line.number, "expected `name: value`"));
        };
        *at += 1;
        let value = if rest.is_empty() {
            match lines.get(*at) {
                Some(next) if next.indent > indent => block(lines, at, next.indent, depth + 1)?,
                Some(next) if next.indent == indent && is_item(next.text) => block(lines, at, indent, depth + 1)?,
                _ => Yaml::Scalar(String::new()),
            }
        } else {
            inline(rest, line.number)?
        };
        pairs.push((key, value));
    }
    if pairs.is_empty() {
        return Err(error(first.number, "expected `name: value` or `- item`"));
    }
    Ok(Yaml::Map(pairs))
}

/// Splits `name: value`, the name quoted or not.
fn split_pair(text: &str) -> Option<(String, &str)> {
    if let Some(q) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let end = text[1..].find(q)? + 1;
        let rest = text[end + 1..].trim_start().strip_prefix(':')?;
        return Some((text[1..end].to_owned(), rest.trim()));
    }
    if let Some((key, rest)) = text.split_once(": ") {
        return Some((key.trim().to_owned(), rest.trim()));
    }
    Some((text.strip_suffix(':')?.trim().to_owned(), ""))
}

/// A value on one line.
fn inline(text: &str, line: usize) -> Result<Yaml, YamlError> {
    let mut rest = text;
    let value = flow(&mut rest, line, 0, "")?;
    if rest.trim().is_empty() { Ok(value) } else { Err(error(line, "text after the end of the value")) }
}

fn flow(rest: &mut &str, line: usize, depth: usize, stops: &str) -> Result<Yaml, YamlError> {
    if depth > MAX_DEPTH {
        return Err(error(line, "nested too deeply"));
    }
    *rest = rest.trim_start();
    let list = rest.starts_with('[');
    if list || rest.starts_with('{') {
        let close = if list { ']' } else { '}' };
        *rest = &rest[1..];
        let (mut items, mut pairs) = (Vec::new(), Vec::new());
        loop {
            *rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix(close) {
                *rest = after;
                return Ok(if list { Yaml::List(items) } else { Yaml::Map(pairs) });
            }
            if rest.is_empty() {
                return Err(error(line, &format!("expected `{close}`")));
            }
            let item = flow(rest, line, depth + 1, if list { ",]" } else { ":,}" })?;
            *rest = rest.trim_start();
            if list {
                items.push(item);
            } else {
                let value = match rest.strip_prefix(':') {
                    Some(after) => {
                        *rest = after;
                        flow(rest, line, depth + 1, ",}")?
                    }
                    None => Yaml::Scalar(String::new()),
                };
                pairs.push((item.text().to_owned(), value));
            }
            *rest = rest.trim_start();
            *rest = rest.strip_prefix(',').unwrap_or(rest);
        }
    }
    if let Some(q) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let mut out = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((i, c)) = chars.next() {
            if c == q {
                if q == '\'' && chars.next_if(|(_, c)| *c == '\'').is_some() {
                    out.push('\'');
                    continue;
                }
                *rest = &rest[i + 1..];
                return Ok(Yaml::Scalar(out));
            }
            if c == '\\' && q == '"' {
                match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, c)) => out.push(c),
                    None => {}
                }
                continue;
            }
            out.push(c);
        }
        return Err(error(line, "a quote is not closed"));
    }
    let end = rest.find(|c| stops.contains(c)).unwrap_or(rest.len());
    let (value, after) = rest.split_at(end);
    *rest = after;
    Ok(Yaml::Scalar(value.trim().to_owned()))
}
