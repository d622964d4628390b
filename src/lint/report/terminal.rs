//! For people: each finding with the line it is about, the place underlined, and what to do.

use std::fmt::Write;

use super::{ReportFile, ReportOptions};
use crate::lint::{Finding, Level};

const RESET: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const CYAN: &str = "\u{1b}[36m";

fn level_colour(level: Level) -> &'static str {
    match level {
        Level::Error => "\u{1b}[1;31m",
        Level::Warning => "\u{1b}[1;33m",
        Level::Info => "\u{1b}[1;34m",
        Level::Style => "\u{1b}[1;36m",
    }
}

struct Paint(bool);

impl Paint {
    fn with(&self, style: &str, text: &str) -> String {
        if self.0 { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }
}

pub(super) fn render(files: &[ReportFile], options: ReportOptions) -> String {
    let paint = Paint(options.colour);
    let mut out = String::new();
    for file in files {
        let lines: Vec<&str> = file.text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)).collect();
        for finding in &file.findings {
            one(&mut out, &paint, options, file, &lines, finding);
        }
    }
    out.push_str(&summary(files, &paint));
    out
}

fn one(out: &mut String, paint: &Paint, options: ReportOptions, file: &ReportFile, lines: &[&str], finding: &Finding) {
    let gutter = finding.line.to_string().len();
    let bar = |paint: &Paint| format!("{:gutter$} {}", "", paint.with(CYAN, "|"));
    let level = paint.with(level_colour(finding.level), finding.level.name());
    let _ = writeln!(out, "{level} {}: {}", paint.with(BOLD, &finding.code), finding.message);
    let arrow = paint.with(CYAN, "-->");
    let _ = writeln!(out, "{:gutter$}{arrow} {}:{}:{}", "", file.name, finding.line, finding.column);
    if let Some(line) = lines.get((finding.line as usize).saturating_sub(1)) {
        let room =
            options.width.filter(|w| *w > 0).map_or(usize::MAX, |w| (w as usize).saturating_sub(gutter + 3).max(24));
        let excerpt = excerpt(line, finding, room);
        let _ = writeln!(out, "{}", bar(paint));
        let number = paint.with(CYAN, &format!("{} |", finding.line));
        let _ = writeln!(out, "{number} {}", excerpt.text);
        let underline = format!("{}{}", "^".repeat(excerpt.length), if excerpt.goes_on { "..." } else { "" });
        let _ = writeln!(
            out,
            "{} {}{}",
            bar(paint),
            " ".repeat(excerpt.indent),
            paint.with(level_colour(finding.level), &underline)
        );
    }
    let note = |out: &mut String, label: &str, text: &str| {
        let mark = paint.with(CYAN, "=");
        let _ = writeln!(out, "{:gutter$} {mark} {}: {text}", "", paint.with(BOLD, label));
    };
    if let Some(help) = &finding.help {
        note(out, "help", help);
    }
    if let Some(fix) = &finding.fix {
        note(out, if fix.safe { "fix" } else { "suggestion" }, &fix.title);
    }
    if let Some(url) = &finding.url {
        let _ = writeln!(out, "{:gutter$} {} {}", "", paint.with(CYAN, "="), paint.with(DIM, url));
    }
    out.push('\n');
}

struct Excerpt {
    text: String,
    /// Columns before the underline.
    indent: usize,
    /// Columns of the underline.
    length: usize,
    /// The finding ends on a later line.
    goes_on: bool,
}

/// The line, cut to `room` columns around the finding.
fn excerpt(line: &str, finding: &Finding, room: usize) -> Excerpt {
    const TAB: &str = "    ";
    // Each character with its columns and the UTF-16 column at which it starts.
    let mut cells: Vec<(String, usize, u32)> = Vec::new();
    let mut column = 1;
    for c in line.chars() {
        let (text, width) = match c {
            '\t' => (TAB.to_owned(), TAB.len()),
            c if c.is_control() => ("\u{fffd}".to_owned(), 1),
            c => (c.to_string(), width(c)),
        };
        cells.push((text, width, column));
        column += c.len_utf16() as u32;
    }
    let goes_on = finding.end_line > finding.line;
    let from = cells.iter().position(|c| c.2 >= finding.column).unwrap_or(cells.len());
    let to =
        if goes_on { cells.len() } else { cells.iter().position(|c| c.2 >= finding.end_column).unwrap_or(cells.len()) };
    let to = to.max(from);
    let total: usize = cells.iter().map(|c| c.1).sum();
    let (mut first, mut last) = (0, cells.len());
    if total > room {
        // Keep what is before the finding in a third of the room, and as much of the rest as fits.
        let before = room / 3;
        let mut used = 0;
        first = from;
        while first > 0 && used + cells[first - 1].1 <= before {
            first -= 1;
            used += cells[first].1;
        }
        let mut left = room.saturating_sub(2);
        last = first;
        while last < cells.len() && cells[last].1 <= left {
            left -= cells[last].1;
            last += 1;
        }
    }
    let cut_front = first > 0;
    let mut text = String::new();
    if cut_front {
        text.push('\u{2026}');
    }
    text.extend(cells[first..last].iter().map(|c| c.0.as_str()));
    if last < cells.len() {
        text.push('\u{2026}');
    }
    let columns = |a: usize, b: usize| cells.get(a..b.max(a)).unwrap_or(&[]).iter().map(|c| c.1).sum::<usize>();
    let indent = columns(first, from.min(last)) + usize::from(cut_front);
    let length = columns(from.min(last), to.min(last)).max(1);
    Excerpt { text: text.trim_end().to_owned(), indent, length, goes_on }
}

/// Columns of a character: two for the wide ranges of East Asian scripts and emoji, none for combining marks.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

fn summary(files: &[ReportFile], paint: &Paint) -> String {
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let all = || files.iter().flat_map(|f| &f.findings);
    let total = all().count();
    let in_files = format!("in {}", plural(files.len(), "file"));
    if total == 0 {
        return format!("no findings {in_files}\n");
    }
    let mut levels = Vec::new();
    for level in [Level::Error, Level::Warning, Level::Info, Level::Style] {
        let n = all().filter(|f| f.level == level).count();
        if n > 0 {
            let name = match level {
                Level::Error | Level::Warning => plural(n, level.name()),
                Level::Info | Level::Style => format!("{n} {}", level.name()),
            };
            levels.push(paint.with(level_colour(level), &name));
        }
    }
    let fixable = all().filter(|f| f.fix.as_ref().is_some_and(|f| f.safe)).count();
    let fix = if fixable > 0 { format!("; --fix corrects {fixable}") } else { String::new() };
    format!("{} {in_files}: {}{fix}\n", plural(total, "finding"), levels.join(", "))
}
